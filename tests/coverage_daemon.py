"""Spark's Python daemon for the tests: each worker saves its coverage before it reports that a task is done.

Spark kills workers without notice, so what they measured would be lost. coverage restarts itself in each fork
(`patch` in pyproject.toml); `spark.python.daemon.module` names this module, see tests/plugins.py.
"""

from typing import Any

import coverage
from pyspark import daemon, worker

report_times = worker.report_times


def save_then_report_times(*args: Any) -> None:
    """Save what this worker measured so far, then let the task end."""
    measured = coverage.Coverage.current()
    if measured is not None:
        measured.save()
    report_times(*args)  # type: ignore[no-untyped-call]  # pyspark.worker has no types


if __name__ == "__main__":
    worker.report_times = save_then_report_times
    daemon.manager()  # type: ignore[no-untyped-call]  # nor has pyspark.daemon
