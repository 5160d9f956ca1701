"""driver_wins in Polars: s3_parquet_polars.py ENDPOINT S3_URL OUT

By the book: a lazy scan, into which the columns are pushed, and the streaming engine.
https://docs.pola.rs/user-guide/io/cloud-storage/
"""

import sys
from pathlib import Path

import polars as pl
from s3_polars import s3_options


def main(endpoint: str, url: str, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    wins = (
        pl.scan_parquet(url, storage_options=s3_options(endpoint))
        .group_by("driverId")
        .agg(
            pl.len().alias("races"),
            (pl.col("position") == 1).sum().alias("wins"),
            pl.col("raceId").max().alias("last_race"),
        )
        .sort("driverId")
        .collect(engine="streaming")
    )
    wins.write_json(out / "driver_wins.json")


main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
