"""driver_wins in DuckDB and its httpfs: s3_parquet_duckdb.py ENDPOINT S3_URL OUT THREADS

By the book: a secret with the endpoint, connections kept alive, as many threads as help a reader that waits for one
request at a time (the more threads, the more requests are under way).
https://duckdb.org/docs/stable/guides/performance/how_to_tune_workloads
"""

import os
import sys
from pathlib import Path

import duckdb
import duckdb_extension_httpfs

WINS = """COPY (
    SELECT driverId, count(*) AS races, count(*) FILTER (position = 1) AS wins, max(raceId) AS last_race
    FROM read_parquet('{url}') GROUP BY driverId ORDER BY driverId
  ) TO '{path}' (FORMAT json, ARRAY true)"""

SECRET = """CREATE SECRET (
    TYPE s3, KEY_ID '{key}', SECRET '{secret}', REGION 'us-east-1', ENDPOINT '{endpoint}', USE_SSL false, URL_STYLE 'path'
  )"""


def connect(endpoint: str, threads: str) -> duckdb.DuckDBPyConnection:
    database = duckdb.connect(config={"threads": threads})
    folder = Path(duckdb_extension_httpfs.__file__).parent / "extensions"
    [extension] = folder.glob("*/httpfs.duckdb_extension")
    database.execute(f"LOAD '{extension}'")
    key, secret = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]
    database.execute(SECRET.format(key=key, secret=secret, endpoint=endpoint.removeprefix("http://")))
    return database


def main(endpoint: str, url: str, out: Path, threads: str) -> None:
    out.mkdir(parents=True, exist_ok=True)
    connect(endpoint, threads).execute(WINS.format(url=url, path=out / "driver_wins.json"))


main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4])
