"""Run notebooks cell by cell outside Databricks, with the three names that it would give them.

notebooks/run.py                    every notebook
notebooks/run.py 01_life_of_a_tick  one of them
"""

import sys
import time
from pathlib import Path
from types import SimpleNamespace

from matplotlib.figure import Figure
from pyspark.sql import DataFrame, SparkSession

from spark_apps.lake.catalogue import open_catalogue
from spark_apps.lake.location import report_folder
from spark_apps.lake.session import session
from spark_apps.settings import Settings, load
from spark_apps.tables.market import TRADES

FOLDER = Path(__file__).parent
HEADER = "# Databricks notebook source\n"
BORDER = "\n# COMMAND ----------\n"
TEXT = "# MAGIC "


def cells(notebook: Path) -> list[str]:
    """Cut a notebook in Databricks source format into its cells."""
    text = notebook.read_text(encoding="utf-8")
    if not text.startswith(HEADER):
        raise ValueError(f"{notebook}: its first line must be {HEADER.strip()!r}")
    return [cell.strip() for cell in text.removeprefix(HEADER).split(BORDER)]


def run(notebook: Path, spark: SparkSession, settings: Settings, **widgets: str) -> dict[str, object]:
    """Run the cells of one notebook in order; print its headings and what it displays; give the names it made."""
    names: dict[str, object] = {
        "spark": spark,
        "display": _display(report_folder(settings) / "notebooks" / notebook.stem),
        "dbutils": SimpleNamespace(widgets=_widgets(widgets)),
    }
    for place, cell in enumerate(cells(notebook)):
        if cell.startswith(TEXT.strip()):
            print("\n".join(line.removeprefix(TEXT.strip()).strip() for line in cell.splitlines()[1:]))
            continue
        began = time.monotonic()
        exec(compile(cell, f"{notebook.name}, cell {place}", "exec"), names)
        print(f"[cell {place}: {time.monotonic() - began:.1f} s]\n")
    return names


def _display(folder: Path) -> object:
    """Show a frame as a table; keep a figure as a file, numbered in order."""

    def display(shown: DataFrame | Figure) -> None:
        if isinstance(shown, Figure):
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / f"{len(list(folder.iterdir()))}.svg"
            shown.savefig(path)
            print(path)
        else:
            shown.show(20, truncate=60)

    return display


def _widgets(values: dict[str, str]) -> SimpleNamespace:
    """Answer a notebook's widgets from given values, else from the default that it names."""
    chosen = dict(values)
    return SimpleNamespace(
        text=lambda name, default, _label="": chosen.setdefault(name, default), get=lambda name: chosen[name]
    )


def main(names: list[str]) -> None:
    """Run the named notebooks, or all that begin with a number, over the lake of the settings."""
    settings = load()
    spark = session(settings, "notebooks")
    open_catalogue(spark, settings)
    if spark.table(TRADES.full_name).isEmpty():
        sys.exit(f"{settings.lake_root}: holds no session to look at. Run `make run` first")
    for name in names or sorted(path.stem for path in FOLDER.glob("[0-9]*.py")):
        run(FOLDER / f"{name}.py", spark, settings)


if __name__ == "__main__":
    main(sys.argv[1:])
