"""race_stats in Polars, S3 to a local folder: s3_race_stats_polars.py ENDPOINT SOURCE_URL csv|parquet OUT

As race_stats_polars.py. Polars writes JSON to local files alone, so that it uploads nothing.
"""

import sys
from pathlib import Path

from race_stats_polars import main
from s3_polars import s3_options

main(sys.argv[2], sys.argv[3], Path(sys.argv[4]), s3_options(sys.argv[1]))
