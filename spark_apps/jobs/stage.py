"""Make several tables in one Spark application, in the order of the catalogue: one task of Airflow, one JVM."""

import typer

from spark_apps.errors import EmptyInput
from spark_apps.jobs import all_jobs
from spark_apps.lake.command import Day, errors_told, said
from spark_apps.lake.job import batch
from spark_apps.lake.logs import configure
from spark_apps.lake.run import run
from spark_apps.lake.session import session
from spark_apps.settings import load
from spark_apps.tables import named


def make(names: list[str], start: Day, end: Day, profile: str | None = None) -> None:
    """Make the named tables for the days from --start to --end, inclusive; stop at the first that fails."""
    wanted = {named(name).full_name for name in names}
    with errors_told():
        settings = load(profile)
        configure(settings)
        days = batch(start.date(), end.date())
        spark = session(settings, "stage")
        for job in all_jobs():
            if job.writes.full_name in wanted:
                try:
                    typer.echo(said(run(job, days, spark, settings), days))
                except EmptyInput as error:  # a lake without, say, flows of foreigners is a lake all the same
                    typer.echo(f"{job.writes.full_name}: nothing to read: {error}")


if __name__ == "__main__":
    typer.run(make)
