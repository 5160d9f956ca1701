"""A mean for each hour of each sensor, in DuckDB and its httpfs: s3_many_duckdb.py ENDPOINT SOURCE_URL OUT_URL THREADS

By the book: the schema given, one query into a table, one sorted COPY a sensor, as DuckDB cannot partition JSON.
"""

import sys

from s3_duckdb import connect

COLUMNS = "{sensor: 'INTEGER', hour: 'INTEGER', value: 'DOUBLE'}"

MEANS = """CREATE TABLE means AS
  SELECT sensor, hour, count(*) AS readings, sum(value) AS total
  FROM read_csv('{source}/*.csv', columns = {columns}, auto_detect = false, header = true, delim = ',')
  GROUP BY sensor, hour"""

SENSOR = """COPY (SELECT * FROM means WHERE sensor = {sensor} ORDER BY hour)
  TO '{out}/{sensor}.json' (FORMAT json, ARRAY true)"""


def main(endpoint: str, source: str, out: str, threads: str) -> None:
    database = connect(endpoint, threads)
    database.execute(MEANS.format(source=source, columns=COLUMNS))
    for (sensor,) in database.execute("SELECT DISTINCT sensor FROM means").fetchall():
        database.execute(SENSOR.format(sensor=sensor, out=out))


main(*sys.argv[1:5])
