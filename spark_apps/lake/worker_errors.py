"""Errors of ours that were raised in Spark's workers: found in what Spark says of them, and raised as they were."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from spark_apps import errors
from spark_apps.errors import TayhoError

# The last line of a worker's traceback; one that led to another stands before it.
RAISED = re.compile(rf"^.*\b{re.escape(errors.__name__)}\.(\w+): (.+)$", re.MULTILINE)


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
