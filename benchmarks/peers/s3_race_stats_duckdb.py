"""race_stats in DuckDB and its httpfs, S3 to S3: s3_race_stats_duckdb.py ENDPOINT SOURCE_URL csv|parquet OUT_URL THREADS

As race_stats_duckdb.py; more threads than cores are more requests under way.
"""

import sys

from race_stats_duckdb import write_seasons
from s3_duckdb import connect


def main(endpoint: str, source: str, file_format: str, out: str, threads: str) -> None:
    write_seasons(connect(endpoint, threads), source, file_format, out)


main(*sys.argv[1:6])
