"""Where things lie. The only module that makes a path."""

from pathlib import Path

from spark_apps.settings import Settings
from spark_apps.tables.model import Table


def location(table: Table, settings: Settings) -> Path:
    """Give the folder of a table; landing tables lie where their vendor's files are put."""
    if table.layer == "landing":
        return settings.landing_root.absolute()
    return settings.lake_root.absolute() / table.layer / table.name


def checkpoint(job: str, settings: Settings) -> Path:
    """Give the checkpoint folder of a stream in the generation that the settings name."""
    return settings.lake_root.absolute() / "checkpoints" / job / str(settings.live.generation)


def lease_file(table: Table, settings: Settings) -> Path:
    """Give the file whose lock says who may write a table."""
    return settings.lake_root.absolute() / "leases" / table.full_name


def market_file(settings: Settings) -> Path:
    """Give the file that says which simulated market the lake holds."""
    return settings.lake_root.absolute() / "simulated_market.json"


def report_folder(settings: Settings) -> Path:
    """Give the folder of reports and data docs."""
    return settings.report_root.absolute()


def log_folder(settings: Settings) -> Path:
    """Give the folder of the logs that `tayho run` writes, beside the tables."""
    return settings.lake_root.absolute().parent / "logs"


def lake_folder(settings: Settings) -> Path:
    """Give the folder that holds every table."""
    return settings.lake_root.absolute()
