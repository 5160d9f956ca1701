"""race_stats in pandas, as an analyst writes it: race_stats_pandas.py SOURCE csv|parquet OUT"""

import sys
from pathlib import Path

import pandas as pd

RACES = ["raceId", "year", "round", "name", "date", "time"]
RESULTS = ["resultId", "raceId", "driverId", "position", "fastestLapTime"]


def read(source: Path, name: str, columns: list[str], file_format: str) -> pd.DataFrame:
    path = source / f"{name}.{file_format}"
    if file_format == "parquet":
        return pd.read_parquet(path, columns=columns)
    return pd.read_csv(path, usecols=columns, na_values=["", "null", "\\N"])


def race_stats(races: pd.DataFrame, results: pd.DataFrame) -> pd.DataFrame:
    winners = results[results["position"] == 1].sort_values("resultId").drop_duplicates("raceId")
    stats = races.merge(winners[["raceId", "driverId", "fastestLapTime"]], on="raceId", how="left")
    time = stats["time"].astype(object).where(stats["time"].notna(), "00:00:00")
    return pd.DataFrame(
        {
            "year": stats["year"],
            "Race Name": stats["name"],
            "Race Round": stats["round"],
            "Race Datetime": pd.to_datetime(stats["date"].astype(str) + " " + time.astype(str)),
            "Race Winning driverId": stats["driverId"].astype("Int64"),
            "Race Fastest Lap": stats["fastestLapTime"].astype(object).where(stats["fastestLapTime"].notna(), None),
        }
    )


def main(source: Path, file_format: str, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    races = read(source, "races", RACES, file_format)
    results = read(source, "results", RESULTS, file_format)
    for year, season in race_stats(races, results).groupby("year"):
        rows = season.drop(columns="year")
        rows.to_json(out / f"stats_{year}.json", orient="records", date_format="iso", date_unit="ms")


main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
