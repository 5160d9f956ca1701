#!/bin/sh
# Installs the Spark of the engines' tests where they look for it: node_modules/.cache/pitwall-tools/spark.
set -eu
cd "$(dirname "$0")/../.."
tools=node_modules/.cache/pitwall-tools/spark
mkdir -p "$(dirname "$tools")"
python3 -m venv "$tools"
"$tools/bin/pip" install --quiet --disable-pip-version-check -r test/spark/requirements.txt
PATH="$PWD/$tools/bin:$PATH" spark-submit --version
