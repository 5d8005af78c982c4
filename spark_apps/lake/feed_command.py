"""What a feed's job file does when it is started: publish each session from --start to --end, print the counts."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Annotated

import typer

from spark_apps.errors import TayhoError
from spark_apps.lake.feed import FeedReport, Pace
from spark_apps.lake.job import batch
from spark_apps.lake.logs import configure
from spark_apps.settings import Settings, load

Day = Annotated[datetime, typer.Option(formats=["%Y-%m-%d"])]
Factor = Annotated[float, typer.Option(min=0, help="Market seconds in one of ours; 0 is as fast as possible.")]


def main(publish: Callable[[Settings, date, Pace], FeedReport]) -> None:
    """Run one feed from the command line: python <file> --start 2026-11-20 --end 2026-11-20 --factor 60."""

    def command(start: Day, end: Day, factor: Factor = 0, profile: str | None = None) -> None:
        settings = load(profile)
        configure(settings)
        slice_ = batch(start.date(), end.date())
        for days in range((slice_.end - slice_.start).days + 1):
            day = slice_.start + timedelta(days=days)
            try:
                report = publish(settings, day, Pace(factor))
            except TayhoError as error:
                typer.echo(f"{day}: {type(error).__name__}: {error}", err=True)
                raise typer.Exit(1) from error
            typer.echo(f"{day}: {report.messages} messages, {report.refused} refused, {report.clocks} clocks")

    command.__doc__ = "Publish each session from --start to --end, inclusive, or what is still missing of it."
    typer.run(command)
