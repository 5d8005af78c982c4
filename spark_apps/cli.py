"""The `tayho` command: says which, never how."""

import getpass
import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table as Grid

from spark_apps.errors import BadQuery, TayhoError
from spark_apps.settings import Settings, load, variables

app = typer.Typer(
    help="Tayho: a Spark lakehouse for the Vietnamese stock market.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
SHOWN_ROWS = 1_000
# A file or a pipe has no width of its own: tables are written there as wide as they are.
console = Console(width=None if sys.stdout.isatty() else 240)

Profile = Annotated[str | None, typer.Option(help="conf/<profile>.toml to read; default TAYHO_PROFILE or local.")]
Symbol = Annotated[str, typer.Argument(help="Symbol of the instrument.")]
Bar = Annotated[
    datetime,
    typer.Argument(formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"], help="Start of the bar, exchange time."),
]
StrategyName = Annotated[str, typer.Argument(help="Name of the strategy.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def main() -> None:
    """Run the command; an error of ours is one sentence, not a stack."""
    try:
        app()
    except TayhoError as error:
        told = f"[red]{type(error).__name__}[/red]: {escape(str(error))}"
        Console(stderr=True).print(told, soft_wrap=True, highlight=False)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)  # as a shell says of what Ctrl-C ended


def _start(profile: str | None) -> Settings:
    from spark_apps.lake.logs import configure

    settings = load(profile)
    configure(settings)
    return settings


def _grid(*names: str, title: str | None = None) -> Grid:
    """Make a table whose first column is never cut: it holds the names."""
    grid = Grid(title=title)
    for place, name in enumerate(names):
        grid.add_column(name, no_wrap=place == 0)
    return grid


def _show(tables: Iterable[tuple[str, tuple[str, ...], list[tuple[Any, ...]]]]) -> None:
    for title, columns, rows in tables:
        grid = _grid(*columns, title=title)
        for row in rows:
            grid.add_row(*map(str, row))
        console.print(grid)


@app.command()
def run(
    data: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="Folder of real files instead of the simulated market."),
    ] = None,
    profile: Profile = None,
) -> None:
    """Carry a trading session from the exchange to a report, and say where to look."""
    import structlog

    from spark_apps.jobs.day import make_day, settings_for
    from spark_apps.jobs.report import refuse_offending_rows
    from spark_apps.kernels import NATIVE
    from spark_apps.lake.location import log_folder
    from spark_apps.lake.logs import chatter_to, configure

    settings = settings_for(load(profile), data)
    if not NATIVE:
        console.print("[yellow]no C++ kernels[/yellow]: their slow twins answer; `tayho doctor` says how to mend it")
    log_folder(settings).mkdir(parents=True, exist_ok=True)
    with (log_folder(settings) / "run.log").open("a", encoding="utf-8") as log, chatter_to(log):
        configure(settings, log)
        try:
            made = make_day(settings, data, lambda line: console.print(line, highlight=False))
        except Exception as error:
            structlog.get_logger().error("run stops", error=type(error).__name__, reason=str(error))
            console.print(f"what Spark and the steps said is in {log.name}", highlight=False, soft_wrap=True)
            raise
    grid = _grid("table", "rows", "in", "out", "quarantined", "late", "duplicate", "run", title="Rows per table")
    for row in made.rows:
        grid.add_row(*(f"{cell:,}" if isinstance(cell, int) else cell for cell in row))
    console.print(grid)
    for name, sums in made.sums.items():
        kept = ", ".join(f"{expression} = {value:,}" for expression, value in sums.items())
        console.print(f"{name} keeps of its input {kept}", highlight=False, soft_wrap=True)
    known = [f"{name} {value}" for name, value in made.summary.items()]
    console.print("  ".join(known), highlight=False)
    broken = [f"{name} ({found} rows)" for name, found in sorted(made.checks.items()) if found]
    held, others = len(made.checks) - len(broken), f", not {', '.join(broken)}" if broken else ""
    console.print(f"{'checks':<10} {held} of {len(made.checks)} hold{others}", highlight=False)
    for name, path in made.places.items():
        console.print(f"{name:<10} {path}", highlight=False, soft_wrap=True)
    refuse_offending_rows(made.checks)


@app.command()
def live(
    until_idle: Annotated[bool, typer.Option(help="Stop once all that is published is in the tables.")] = False,
    profile: Profile = None,
) -> None:
    """Run the live application: broker to bronze, both folds and gold, until it is stopped."""
    from spark_apps.jobs.live import serve

    serve(_start(profile), until_idle)


@app.command(context_settings={"ignore_unknown_options": True})  # SQL may begin with a comment: --
def sql(
    query: Annotated[str, typer.Argument(help="Spark SQL over tables and views.")], profile: Profile = None
) -> None:
    """Answer one SQL query over the tables and the views of sql/views."""
    from pyspark.errors import PySparkException

    from spark_apps.lake.catalogue import run_sql
    from spark_apps.lake.session import session
    from spark_apps.lake.worker_errors import cause_of

    settings = _start(profile)
    spark = session(settings, "sql")
    try:
        frame = run_sql(spark, settings, query)
        rows = frame.limit(SHOWN_ROWS + 1).collect()
    except PySparkException as error:
        raise BadQuery(f"{cause_of(error).rstrip('.')}. docs/tables and sql/views say what there is to ask") from error
    grid = Grid(*frame.columns)
    for row in rows[:SHOWN_ROWS]:
        grid.add_row(*("" if cell is None else escape(str(cell)) for cell in row))
    console.print(grid)
    if len(rows) > SHOWN_ROWS:
        console.print(f"the first {SHOWN_ROWS:,} rows; say LIMIT, or aggregate, to see others")


@app.command()
def state(
    stream: Annotated[str, typer.Argument(help="Live query whose state to show: fold or standing.")] = "fold",
    symbol: Annotated[str | None, typer.Option(help="Show all that is held of one instrument.")] = None,
    profile: Profile = None,
) -> None:
    """Show what a live query holds of each symbol, as of its last committed batch."""
    from spark_apps.jobs.state import shown
    from spark_apps.lake.session import session

    settings = _start(profile)
    _show(shown(session(settings, "state"), settings, stream, symbol))


@app.command()
def explain(symbol: Symbol, bar: Bar, strategy: StrategyName, profile: Profile = None) -> None:
    """Explain a live signal: its inputs, thresholds, parameters, and the rows and runs that it stands on."""
    from spark_apps.jobs.explain import Asked, explain

    _show(explain(Asked(symbol, bar, strategy), _start(profile)))


@app.command()
def approve(
    symbol: Symbol,
    bar: Bar,
    strategy: StrategyName,
    refuse: Annotated[bool, typer.Option("--refuse", help="Hold it back instead.")] = False,
    by: Annotated[str | None, typer.Option(help="Who decides; default: who runs this.")] = None,
    profile: Profile = None,
) -> None:
    """Let a live signal out that waits for a person, or hold it back."""
    from spark_apps.jobs.approve import decide
    from spark_apps.jobs.explain import Asked

    asked = Asked(symbol, bar, strategy)
    console.print(decide(asked, _start(profile), is_approved=not refuse, by=by or getpass.getuser()), highlight=False)


@app.command("check-config")
def check_config(profile: Profile = None, as_json: Json = False) -> None:
    """Read the settings and print every key with its value, secrets as stars."""
    settings = load(profile)
    if as_json:
        console.print_json(settings.model_dump_json())
        return
    grid = _grid("variable", "value", "meaning")
    for name, meaning in variables().items():
        value: object = settings
        for part in name.removeprefix("TAYHO_").lower().split("__"):
            value = getattr(value, part)
        grid.add_row(name, escape(str(value)), meaning)
    console.print(grid)


@app.command()
def doctor(profile: Profile = None, as_json: Json = False) -> None:
    """Say what is missing on this machine and how to mend it; exit 1 when something is."""
    from spark_apps.lake.doctor import examine

    findings = examine(profile)
    if as_json:
        console.print_json(data=[{"check": one.check.name, "ok": one.is_well, "found": one.found} for one in findings])
    else:
        grid = _grid("check", "", "found", "what to do")
        for one in findings:
            verdict = "[green]ok[/green]" if one.is_well else "[red]missing[/red]"
            grid.add_row(
                one.check.name, verdict, one.found, "" if one.is_well else f"{one.check.without} {one.check.mend}"
            )
        console.print(grid)
    sys.exit(0 if all(one.is_well for one in findings) else 1)


if __name__ == "__main__":
    main()
