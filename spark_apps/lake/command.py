"""What every job file does when spark-submit runs it: read --start and --end, run, print the counts."""

from datetime import datetime
from typing import Annotated

import typer

from spark_apps.lake.job import Job, Slice, batch
from spark_apps.lake.logs import configure
from spark_apps.lake.provenance import RunReport
from spark_apps.lake.run import run
from spark_apps.lake.session import session
from spark_apps.settings import load

Day = Annotated[datetime, typer.Option(formats=["%Y-%m-%d"])]


def main(job: Job) -> None:
    """Run one job from the command line: spark-submit <file> --start 2026-11-20 --end 2026-11-20."""
    name = job.writes.full_name

    def command(start: Day, end: Day, profile: str | None = None) -> None:
        settings = load(profile)
        configure(settings)
        days = batch(start.date(), end.date())
        typer.echo(said(run(job, days, session(settings, name), settings), days))

    command.__doc__ = f"Make {name} for the days from --start to --end, inclusive."
    typer.run(command)


def said(report: RunReport, days: Slice) -> str:
    """Say in one line what a run did."""
    return (
        f"{report.job} {days.start}..{days.end}: {report.status}, {report.rows_in} in = {report.rows_out} out "
        f"+ {report.quarantined} quarantined + {report.late} late + {report.duplicate} duplicate"
    )
