"""A DuckDB whose httpfs reaches a server of S3, as the environment's credentials allow.

https://duckdb.org/docs/stable/core_extensions/httpfs/s3api
"""

import os
from pathlib import Path

import duckdb
import duckdb_extension_httpfs

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
