"""race_stats in DuckDB alone: race_stats_duckdb.py SOURCE csv|parquet OUT

By the book: the schema and dialect given (no sniffing), one query into a table, one COPY per season, as DuckDB
cannot partition JSON.
https://duckdb.org/docs/stable/guides/performance/overview
"""

import sys
from pathlib import Path

import duckdb

RACES = "{raceId: 'BIGINT', year: 'INTEGER', round: 'INTEGER', name: 'VARCHAR', date: 'DATE', time: 'TIME'}"
RESULTS = (
    "{resultId: 'BIGINT', raceId: 'BIGINT', driverId: 'BIGINT', position: 'INTEGER', fastestLapTime: 'VARCHAR'}"
)

STATS = """CREATE TABLE stats AS
  WITH numbered AS (SELECT *, row_number() OVER () AS source_row FROM {races}),
  winner AS (
    SELECT raceId, driverId, fastestLapTime
    FROM {results}
    WHERE position = 1
    QUALIFY row_number() OVER (PARTITION BY raceId ORDER BY resultId) = 1
  )
  SELECT
    year,
    source_row,
    name AS "Race Name",
    round AS "Race Round",
    strftime(date + coalesce(time, TIME '00:00:00'), '%Y-%m-%dT%H:%M:%S.%g') AS "Race Datetime",
    driverId AS "Race Winning driverId",
    fastestLapTime AS "Race Fastest Lap"
  FROM numbered LEFT JOIN winner USING (raceId)"""

SEASON = """COPY (
    SELECT * EXCLUDE (year, source_row) FROM stats WHERE year = {year} ORDER BY source_row
  ) TO '{path}' (FORMAT json, ARRAY true)"""


def scan(source: Path | str, name: str, columns: str, file_format: str) -> str:
    path = f"{source}/{name}.{file_format}"
    if file_format == "parquet":
        return f"read_parquet('{path}')"
    nulls = "['', 'null', '\\N']"
    dialect = "auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"'"
    return f"read_csv('{path}', columns = {columns}, nullstr = {nulls}, {dialect})"


def main(source: Path, file_format: str, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    write_seasons(duckdb.connect(), source, file_format, out)


def write_seasons(
    database: duckdb.DuckDBPyConnection, source: Path | str, file_format: str, out: Path | str
) -> None:
    races = scan(source, "races", RACES, file_format)
    results = scan(source, "results", RESULTS, file_format)
    database.execute(STATS.format(races=races, results=results))
    for (year,) in database.execute("SELECT DISTINCT year FROM stats").fetchall():
        database.execute(SEASON.format(year=year, path=f"{out}/stats_{year}.json"))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
