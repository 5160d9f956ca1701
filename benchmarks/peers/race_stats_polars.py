"""race_stats in Polars: race_stats_polars.py SOURCE csv|parquet OUT

By the book: lazy scans with the schema given (columns and filter are pushed into them), the streaming
engine, the join told to keep the order of races, one write per season.
https://docs.pola.rs/user-guide/concepts/streaming/
"""

import sys
from pathlib import Path

import polars as pl

RACES = {
    "raceId": pl.Int64,
    "year": pl.Int32,
    "round": pl.Int32,
    "name": pl.String,
    "date": pl.Date,
    "time": pl.Time,
}
RESULTS = {
    "resultId": pl.Int64,
    "raceId": pl.Int64,
    "driverId": pl.Int64,
    "position": pl.Int32,
    "fastestLapTime": pl.String,
}


def scan(
    source: Path | str,
    name: str,
    types: dict[str, pl.DataType],
    file_format: str,
    options: dict[str, str] | None = None,
) -> pl.LazyFrame:
    path = f"{source}/{name}.{file_format}"
    if file_format == "parquet":
        return pl.scan_parquet(path, storage_options=options)
    return pl.scan_csv(
        path, schema_overrides=types, null_values=["", "null", "\\N"], storage_options=options
    )


def race_stats(races: pl.LazyFrame, results: pl.LazyFrame) -> pl.LazyFrame:
    winners = (
        results.filter(pl.col("position") == 1)
        .group_by("raceId")
        .agg(pl.col("driverId", "fastestLapTime").sort_by("resultId").first())
    )
    moment = pl.col("date").dt.combine(pl.col("time").fill_null(pl.time(0, 0, 0)))
    return races.join(winners, on="raceId", how="left", maintain_order="left").select(
        "year",
        pl.col("name").alias("Race Name"),
        pl.col("round").alias("Race Round"),
        moment.dt.strftime("%Y-%m-%dT%H:%M:%S%.3f").alias("Race Datetime"),
        pl.col("driverId").alias("Race Winning driverId"),
        pl.col("fastestLapTime").alias("Race Fastest Lap"),
    )


def main(source: Path | str, file_format: str, out: Path, options: dict[str, str] | None = None) -> None:
    out.mkdir(parents=True, exist_ok=True)
    races = scan(source, "races", RACES, file_format, options)
    results = scan(source, "results", RESULTS, file_format, options)
    stats = race_stats(races, results).collect(engine="streaming")
    seasons = stats.partition_by("year", maintain_order=True, include_key=False, as_dict=True)
    for (year,), season in seasons.items():
        season.write_json(out / f"stats_{year}.json")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
