"""Errors of workers reach people as their own class and sentence."""

import pytest

from spark_apps.errors import RowsDoNotAddUp, SchemaMismatch
from spark_apps.lake.worker_errors import as_raised_in_workers, cause_of

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


OF_A_SINK = """An exception was raised by the Python Proxy. Return Message: Traceback (most recent call last):
  File "clientserver.py", line 644, in _call_proxy
    return_value = getattr(self.pool[obj_id], method)(*params)
{last}

=== Streaming Query ===
Current State: ACTIVE
"""


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (TRACEBACK, "RowsDoNotAddUp: gold.bars_1m: sum is 1, but 2; nothing was written"),
        (OF_A_SINK.format(last="spark_apps.errors.SchemaMismatch: odd: row 3"), "SchemaMismatch: odd: row 3"),
        (OF_A_SINK.format(last="KeyError: 'key'"), "KeyError: 'key'"),
        (OF_A_SINK.format(last="pyspark.errors.AnalysisException: [PATH] no"), "AnalysisException: [PATH] no"),
        ("[USER_RAISED_EXCEPTION] boom\n=== Streaming Query ===\nState: x", "[USER_RAISED_EXCEPTION] boom"),
    ],
)
def test_the_cause_is_what_was_raised_last_and_not_what_spark_wraps_it_in(text: str, cause: str) -> None:
    assert cause_of(OSError(text)) == cause
