"""Errors of ours that were raised in Spark's workers: found in what Spark says of them, and raised as they were."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from spark_apps import errors
from spark_apps.errors import TayhoError

# The last line of a worker's traceback; one that led to another stands before it.
RAISED = re.compile(rf"^.*\b{re.escape(errors.__name__)}\.(\w+): (.+)$", re.MULTILINE)

# The same of any error, ours or not.
LAST_LINE = re.compile(r"^(?:\w+\.)*(\w+): (.+)$", re.MULTILINE)


def cause_of(error: Exception) -> str:
    """Say in one line what an error of Spark came from: what Python raised last, ours before others, else its start."""
    text = str(error).partition("=== Streaming Query ===")[0].strip()
    raised = RAISED.findall(text) or ("Traceback" in text and LAST_LINE.findall(text))
    return ": ".join(raised[-1]) if raised else text.partition("\n")[0]


@contextmanager
def as_raised_in_workers() -> Iterator[None]:
    """Raise a worker's error again with its own class and sentence; every other error passes as it is."""
    try:
        yield
    except TayhoError:
        raise
    except Exception as error:
        *_, (name, sentence) = [("", ""), *RAISED.findall(str(error))]
        kind = getattr(errors, name, None)
        if isinstance(kind, type) and issubclass(kind, TayhoError):
            raise kind(sentence) from error
        raise
