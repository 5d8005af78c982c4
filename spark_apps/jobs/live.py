"""Run the live application: spark-submit spark_apps/jobs/live.py, or `tayho live`. SIGTERM and Ctrl-C end it."""

import signal
import threading
from typing import Annotated

import structlog
import typer

from spark_apps.errors import TayhoError
from spark_apps.lake.live import run_live
from spark_apps.lake.logs import configure
from spark_apps.lake.session import session
from spark_apps.settings import Settings, load

logger = structlog.get_logger(__name__)

UntilIdle = Annotated[bool, typer.Option(help="Stop once all that is published at the start is in the tables.")]


def serve(settings: Settings, until_idle: bool) -> None:
    """Run the live application in this process until it is told to stop, or until it is idle; say what it added."""
    stop = threading.Event()
    for wish in (signal.SIGTERM, signal.SIGINT):
        signal.signal(wish, lambda *_: stop.set())
    for name, rows in run_live(session(settings, "live"), settings, stop, until_idle).items():
        typer.echo(f"{name}: {rows} rows added")


def main(until_idle: UntilIdle = False, profile: str | None = None) -> None:
    """Carry records from Kafka through the fold to the live tables until told to stop."""
    settings = load(profile)
    configure(settings)
    try:
        serve(settings, until_idle)
    except TayhoError as error:
        logger.error("live application stops", error=type(error).__name__, reason=str(error))
        raise typer.Exit(1) from error


if __name__ == "__main__":
    typer.run(main)
