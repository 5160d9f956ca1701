"""Runs a command; writes what wait4 says of it, as JSON, to the file named by the first argument.

Only Python's standard library; its own 10 MB are the least peak that it can report, for Linux counts the
memory of the process that forked.
"""

import json
import os
import subprocess
import sys
import time

RSS_UNIT = 1 if sys.platform == "darwin" else 1024


def main(report: str, command: list[str]) -> None:
    begin = time.perf_counter()
    child = subprocess.Popen(command)
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - begin
    measured = {
        "exitCode": os.waitstatus_to_exitcode(status),
        "seconds": seconds,
        "cpuSeconds": usage.ru_utime + usage.ru_stime,
        "peakRssBytes": usage.ru_maxrss * RSS_UNIT,
    }
    with open(report, "w", encoding="utf-8") as file:
        json.dump(measured, file)


main(sys.argv[1], sys.argv[2:])
