"""Logs: one JSON object a line, with the correlation id of the run."""

import logging
import sys
from pathlib import Path

import structlog

from spark_apps.settings import Settings


def configure(settings: Settings, correlation_id: str = "", file: Path | None = None) -> None:
    """Set up logging for this process; called once by an entry point, never at import.

    Lines go to standard error, or are added to a file where people watch something else.
    """
    if file:
        file.parent.mkdir(parents=True, exist_ok=True)
    log = file.open("a", encoding="utf-8", buffering=1) if file else None
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(correlation_id=correlation_id or settings.fingerprint)
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
        logger_factory=lambda *_: structlog.PrintLogger(log or sys.stderr),
    )
