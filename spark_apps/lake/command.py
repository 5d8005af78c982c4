"""What every job file does when spark-submit runs it: read --start and --end, run, print the counts."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated

import typer

from spark_apps.errors import TayhoError
from spark_apps.lake.job import Job, Slice, batch
from spark_apps.lake.logs import configure
from spark_apps.lake.provenance import RunReport
from spark_apps.lake.run import run
from spark_apps.lake.session import session
from spark_apps.settings import load
from spark_apps.tables import named

Day = Annotated[datetime, typer.Option(formats=["%Y-%m-%d"])]


def main(job: Job) -> None:
    """Run one job from the command line: spark-submit <file> --start 2026-11-20 --end 2026-11-20."""
    name = job.writes.full_name

    def command(start: Day, end: Day, profile: str | None = None) -> None:
        with errors_told():
            settings = load(profile)
            configure(settings)
            days = batch(start.date(), end.date())
            typer.echo(said(run(job, days, session(settings, name), settings), days))

    command.__doc__ = f"Make {name} for the days from --start to --end, inclusive."
    typer.run(command)


@contextmanager
def errors_told() -> Iterator[None]:
    """End the program with one sentence where an error of ours stops it, not with a stack."""
    try:
        yield
    except TayhoError as error:
        typer.echo(f"{type(error).__name__}: {error}", err=True)
        raise typer.Exit(1) from error


def said(report: RunReport, days: Slice) -> str:
    """Say in one line what a run did.

    The rows add up where each row of the input has one outcome; elsewhere the sums of the accepted input are kept.
    """
    table, done = named(report.job), f"{report.job} {days.start}..{days.end}: {report.status}"
    if report.status == "unchanged":
        return done
    if table.first_by or table.layer == "bronze":
        return (
            f"{done}, {report.rows_in} in = {report.rows_out} out + {report.quarantined} quarantined "
            f"+ {report.late} late + {report.duplicate} duplicate"
        )
    aside = f", {report.quarantined} quarantined" if table.evidence else ""
    sums = "".join(f", {expression} = {value}" for expression, value in report.sums.items())
    return f"{done}, {report.rows_in} in, {report.rows_out} out{aside}{sums}"
