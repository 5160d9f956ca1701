"""driver_wins in DuckDB and its httpfs: s3_parquet_duckdb.py ENDPOINT S3_URL OUT THREADS

By the book: a secret with the endpoint, connections kept alive, as many threads as help a reader that waits for one
request at a time (the more threads, the more requests are under way).
https://duckdb.org/docs/stable/guides/performance/how_to_tune_workloads
"""

import sys
from pathlib import Path

from s3_duckdb import connect

WINS = """COPY (
    SELECT driverId, count(*) AS races, count(*) FILTER (position = 1) AS wins, max(raceId) AS last_race
    FROM read_parquet('{url}') GROUP BY driverId ORDER BY driverId
  ) TO '{path}' (FORMAT json, ARRAY true)"""

def main(endpoint: str, url: str, out: Path, threads: str) -> None:
    out.mkdir(parents=True, exist_ok=True)
    connect(endpoint, threads).execute(WINS.format(url=url, path=out / "driver_wins.json"))


main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4])
