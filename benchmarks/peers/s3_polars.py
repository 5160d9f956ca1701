"""How Polars reaches a server of S3, with the environment's credentials.

https://docs.pola.rs/user-guide/io/cloud-storage/
"""

import os


def s3_options(endpoint: str) -> dict[str, str]:
    return {
        "aws_access_key_id": os.environ["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": os.environ["AWS_SECRET_ACCESS_KEY"],
        "aws_region": "us-east-1",
        "aws_endpoint_url": endpoint,
        "aws_allow_http": "true",
    }
