"""Runs tasks of Pitwall on Spark: maps their numbers to executors, each of which calls `pitwall task`.

As `pitwall run --engine spark` starts it, by spark-submit, in client mode:

    pitwall_spark.py --socket PATH

As a job script, of EMR Serverless or Glue, whose `--archives pitwall.tar.gz#pitwall` is from `pitwall pack`; what
follows is the command line of Pitwall, which then runs beside the driver of Spark:

    pitwall_spark.py run JOB --set out=s3://bucket/results

Both talk over a socket of this machine, a JSON document a line. Pitwall says `submit`, `cancel` and `end`; this says
`ready`, `alive` and `ended`. What became of a task stands in its record, in the run folder: Spark may run one twice,
or be wrong about it.
"""

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

ARCHIVE = "pitwall"
TAIL_BYTES = 4000
OF_TASK = ("id", "folder", "step", "command", "threads", "memory", "endpoint")
ALIVE_SECONDS = 5
PR_SET_PDEATHSIG = 1
LEAST_MEMORY_BYTES = 128 * 2**20
# The rest is for what DuckDB does not count.
DUCKDB_SHARE = 0.6


def die_with_parent():
    """Ends this process with the worker of Spark that started it, whatever ends that. Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def unpacked_archive():
    """Where Spark has unpacked the archive on this machine, or None without one."""
    from pyspark import SparkFiles

    for folder in (os.path.join(SparkFiles.getRootDirectory(), ARCHIVE), os.path.abspath(ARCHIVE)):
        if os.path.exists(os.path.join(folder, "bin", "pitwall")):
            return folder
    return None


def own_command(command):
    folder = unpacked_archive()
    return command if folder is None else ["/bin/sh", os.path.join(folder, "bin", "pitwall")]


def memory_bytes(slots, heap_bytes):
    """DuckDB's memory in one of so many tasks at once, beside the executor's own heap."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(LEAST_MEMORY_BYTES, int((whole - heap_bytes) * DUCKDB_SHARE / slots))


def run_task(work, index):
    """Does one task, in a process of its own. Gives its number, the exit code, and the end of what it said.

    It never raises for a task that failed: Spark would give up the whole stage for one that fails each time.
    """
    slots = max(1, (work["executor_cores"] or os.cpu_count() or 1) // work["task_cpus"])
    memory = work["memory"] or memory_bytes(slots, work["heap_bytes"])
    limits = ["--threads", str(work["threads"] or work["task_cpus"]), "--memory", str(memory)]
    if work["endpoint"]:
        limits += ["--s3-endpoint", work["endpoint"]]
    task = ["task", work["folder"], work["step"], str(index), "--submission", work["id"]]
    child = subprocess.Popen(
        own_command(work["command"]) + task + limits,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, "TMPDIR": os.getcwd(), **work["env"]},
        preexec_fn=die_with_parent,
    )
    _, said = child.communicate()
    return index, child.returncode, said[-TAIL_BYTES:].decode("utf-8", "replace")


class Driver:
    """Serves one Pitwall over a connected socket, until that says `end` or is gone."""

    def __init__(self, context, connection):
        self.context = context
        self.lines = connection.makefile("r", encoding="utf-8")
        self.connection = connection
        self.lock = threading.Lock()
        self.canceled = set()

    def say(self, message):
        data = (json.dumps(message) + "\n").encode("utf-8")
        try:
            with self.lock:
                self.connection.sendall(data)
        except OSError:
            pass  # Pitwall is gone, which the main thread finds too.

    def serve(self):
        self.say({"kind": "ready", "application": self.context.applicationId})
        threading.Thread(target=self.tell_alive, daemon=True).start()
        for line in self.lines:
            message = json.loads(line)
            if message["kind"] == "submit":
                self.submit(message)
            elif message["kind"] == "cancel":
                self.cancel(message["ids"])
            elif message["kind"] == "end":
                return

    def submit(self, message):
        from pyspark import InheritableThread

        InheritableThread(target=self.run_job, args=(message,), daemon=True).start()

    def cancel(self, ids):
        self.canceled.update(ids)
        for group in ids:
            # Spark 4 also ends what is about to start.
            cancel = getattr(self.context, "cancelJobGroupAndFutureJobs", self.context.cancelJobGroup)
            cancel(group)

    def run_job(self, message):
        group, tasks = message["id"], message["tasks"]
        ended, error = [], None
        try:
            if group not in self.canceled:
                ended = self.map_tasks(group, tasks, self.work_of(message))
        except Exception as problem:  # Whatever Spark gives up for: Pitwall judges each task by its record.
            error = str(problem).splitlines()[0] if str(problem) else repr(problem)
        try:
            self.wait_until_idle(group)
        finally:
            self.say({"kind": "ended", "id": group, "tasks": ended, "error": error})

    def map_tasks(self, group, tasks, work):
        self.context.setJobGroup(group, f"pitwall {work['step']}: {len(tasks)} tasks")
        numbers = self.context.parallelize(tasks, len(tasks))
        return numbers.map(lambda index: run_task(work, index)).collect()

    def work_of(self, message):
        conf = self.context.getConf()
        heap = self.context._jsc.sc().executorMemory() * 2**20
        return {
            **{key: message[key] for key in (*OF_TASK, "env")},
            "task_cpus": int(conf.get("spark.task.cpus", "1")),
            "executor_cores": int(conf.get("spark.executor.cores", "0")),
            "heap_bytes": heap,
        }

    def wait_until_idle(self, group):
        """A job that was cancelled has ended before its tasks have."""
        tracker = self.context.statusTracker()
        while any(self.active_tasks(tracker, job) for job in tracker.getJobIdsForGroup(group)):
            time.sleep(0.1)

    @staticmethod
    def active_tasks(tracker, job):
        info = tracker.getJobInfo(job)
        stages = [tracker.getStageInfo(stage) for stage in (info.stageIds if info else [])]
        return sum(stage.numActiveTasks for stage in stages if stage)

    def tell_alive(self):
        """Says how many executors there are: without any, all tasks wait."""
        while True:
            known = self.context._jsc.sc().getExecutorMemoryStatus().size()
            is_local = self.context.master.startswith("local")
            self.say({"kind": "alive", "executors": known if is_local else known - 1})
            time.sleep(ALIVE_SECONDS)


def open_context():
    from pyspark.sql import SparkSession

    return SparkSession.builder.getOrCreate().sparkContext


def serve_socket(path):
    """Serves the Pitwall that listens at a path."""
    context = open_context()
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(path)
            Driver(context, connection).serve()
    finally:
        context.stop()


def connect_to(child, path):
    """Connects as soon as the child listens; None when it has ended instead."""
    while child.poll() is None:
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(path)
            return connection
        except OSError:
            connection.close()
            time.sleep(0.1)
    return None


def run_pitwall(arguments):
    """Runs Pitwall beside this driver, and its tasks on the executors. Gives Pitwall's exit code."""
    context = open_context()
    try:
        with tempfile.TemporaryDirectory(prefix="pitwall-") as folder:
            path = os.path.join(folder, "spark")
            command = own_command(["pitwall"]) + arguments + ["--engine", "spark", "--spark-socket", path]
            child = subprocess.Popen(command, preexec_fn=die_with_parent)
            signal.signal(signal.SIGTERM, lambda *_: child.send_signal(signal.SIGTERM))
            connection = connect_to(child, path)
            if connection is not None:
                with connection:
                    Driver(context, connection).serve()
            return child.wait()
    finally:
        context.stop()


def main(arguments):
    if arguments[:1] == ["--socket"]:
        serve_socket(arguments[1])
        return 0
    return run_pitwall(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
