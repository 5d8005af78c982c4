"""Logs: one JSON object a line on standard error, with the correlation id of the run."""

import logging
import sys

import structlog

from spark_apps.settings import Settings


def configure(settings: Settings, correlation_id: str = "") -> None:
    """Set up logging for this process; called once by an entry point, never at import."""
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
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )
