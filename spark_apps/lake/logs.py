"""Logs: one JSON object a line, with the correlation id of the run; Spark's own words stand between them."""

import logging
import os
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

import structlog

from spark_apps.settings import Settings

CORRELATION = "TAYHO_CORRELATION_ID"


def configure(settings: Settings, stream: TextIO | None = None) -> None:
    """Set up logging for this process; called once by an entry point, never at import.

    Lines go to standard error, or to a stream that the caller keeps open where people watch something else. Each
    start has an id of its own, and hands it to the processes that it starts through the environment.
    """
    structlog.contextvars.clear_contextvars()
    correlation_id = os.environ.setdefault(CORRELATION, uuid.uuid4().hex[:16])
    structlog.contextvars.bind_contextvars(correlation_id=correlation_id)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, settings.log_level)),
        # The stream of the moment: a test, or a notebook, may put another in its place.
        logger_factory=lambda *_: structlog.PrintLogger(stream or sys.stderr),
    )


@contextmanager
def chatter_to(log: TextIO) -> Iterator[None]:
    """Send to a file what is written on standard error meanwhile: Spark and its workers talk to nobody there.

    It is the descriptor that is moved, so that processes started here and later keep to it.
    """
    console = os.dup(2)
    os.dup2(log.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(console, 2)
        os.close(console)
