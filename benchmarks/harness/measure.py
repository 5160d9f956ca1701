"""Runs a command; writes what it took, as JSON, to the file named by the first argument.

Times and the largest resident size of any one process are what wait4 says of the command and the processes that it
waited for. `allRssBytes` adds the command and its descendants up: the sum of the peaks so far (VmHWM) of all that are
alive, at its largest, looked at 20 times a second, where there is a /proc. Pages of files (RssFile: programs and their
libraries, which are the same in all) count once, for the process that has the most.

Only Python's standard library; its own 10 MB are the least peak that it can report, for Linux counts the
memory of the process that forked.
"""

import glob
import json
import os
import re
import subprocess
import sys
import threading
import time

RSS_UNIT = 1 if sys.platform == "darwin" else 1024
SECONDS_BETWEEN_LOOKS = 0.05


def main(report: str, command: list[str]) -> None:
    begin = time.perf_counter()
    child = subprocess.Popen(command)
    look = Look(child.pid)
    look.start()
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - begin
    peak = usage.ru_maxrss * RSS_UNIT
    measured = {
        "exitCode": os.waitstatus_to_exitcode(status),
        "seconds": seconds,
        "cpuSeconds": usage.ru_utime + usage.ru_stime,
        "peakRssBytes": peak,
        "allRssBytes": max(peak, look.finish()),
    }
    with open(report, "w", encoding="utf-8") as file:
        json.dump(measured, file)


class Look(threading.Thread):
    """Looks at a process and its descendants until it is finished."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid = pid
        self.peak = 0
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.wait(SECONDS_BETWEEN_LOOKS):
            self.peak = max(self.peak, memory_of(family_of(self.pid)))

    def finish(self) -> int:
        self.ended.set()
        self.join()
        return self.peak


def family_of(pid: int) -> list[int]:
    family = [pid]
    for member in family:
        for path in glob.glob(f"/proc/{member}/task/*/children"):
            family += map(int, read(path).split())
    return family


def memory_of(family: list[int]) -> int:
    peaks, files = [], [0]
    for pid in family:
        sizes = dict(re.findall(r"^(VmHWM|RssFile):\s*(\d+) kB$", read(f"/proc/{pid}/status"), re.MULTILINE))
        peaks.append(int(sizes.get("VmHWM", 0)) * 1024)
        files.append(int(sizes.get("RssFile", 0)) * 1024)
    return sum(peaks) - sum(files) + max(files)


def read(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError:
        return ""


main(sys.argv[1], sys.argv[2:])
