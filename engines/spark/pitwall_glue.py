"""Runs Pitwall as a job of AWS Glue, which passes a script nothing but named arguments.

    --pitwall "run race_stats --set out=s3://bucket/results"    the command line of Pitwall
    --pitwall-archive s3://bucket/pitwall.tar.gz                from `pitwall pack`
    --extra-py-files s3://bucket/pitwall_spark.py               beside this file, also in the archive
"""

import shlex
import sys

import pitwall_spark


def argument(name):
    if name not in sys.argv[:-1]:
        raise SystemExit(f"pitwall: this job needs the argument {name}")
    return sys.argv[sys.argv.index(name) + 1]


def main():
    """Glue takes a SystemExit for a failure, whatever its code is: it is raised for failures alone."""
    command = shlex.split(argument("--pitwall"))
    archive = argument("--pitwall-archive")
    context = pitwall_spark.open_context()
    context.addArchive(f"{archive}#{pitwall_spark.ARCHIVE}")
    code = pitwall_spark.main(command)
    if code != 0:
        raise SystemExit(f"pitwall: ended with {code}; its own line is above")


if __name__ == "__main__":
    main()
