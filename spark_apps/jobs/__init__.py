"""One file per table, named after it: which function makes it. `all_jobs` finds them, so nobody keeps a list."""

from importlib import import_module
from pkgutil import iter_modules

from spark_apps.lake.job import Job
from spark_apps.tables import ALL_TABLES


def all_jobs() -> tuple[Job, ...]:
    """Give every batch job, each after the jobs that it reads from."""
    stems = {module.name for module in iter_modules(__path__)} & {table.name for table in ALL_TABLES}
    jobs: dict[str, Job] = {}
    for stem in stems:
        job = import_module(f"{__name__}.{stem}").job
        jobs[job.writes.full_name] = job
    return tuple(jobs[table.full_name] for table in ALL_TABLES if table.full_name in jobs)
