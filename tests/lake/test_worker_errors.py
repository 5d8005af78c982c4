"""Errors of workers reach people as their own class and sentence."""

import pytest

from spark_apps.errors import RowsDoNotAddUp, SchemaMismatch
from spark_apps.lake.worker_errors import as_raised_in_workers

TRACEBACK = """Job aborted due to stage failure: PythonException: Traceback (most recent call last):
  File "files.py", line 1, in read
spark_apps.errors.SchemaMismatch: a.csv: the first

The above exception was the direct cause of the following exception:

spark_apps.errors.RowsDoNotAddUp: gold.bars_1m: sum is 1, but 2; nothing was written
  at org.apache.spark.api.python.BasePythonRunner
"""


def test_the_last_error_of_ours_is_raised_again() -> None:
    sentence = r"^gold.bars_1m: sum is 1, but 2; nothing was written$"
    with pytest.raises(RowsDoNotAddUp, match=sentence), as_raised_in_workers():
        raise OSError(TRACEBACK)


@pytest.mark.parametrize(
    "error", [OSError("disk"), SchemaMismatch("ours"), OSError("x: spark_apps.errors.re: no class")]
)
def test_any_other_error_passes_as_it_is(error: Exception) -> None:
    with pytest.raises(type(error)) as raised, as_raised_in_workers():
        raise error
    assert raised.value is error
