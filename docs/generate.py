"""Write the pages that can be derived: tables, lineage, rooms, public names, indicators, DAGs, decisions, `doctor`.

`pages` gives every page without writing it, so that a test can compare the folder with it. `make docs` writes.
"""

import ast
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import griffe
from pydantic import SecretStr

from spark_apps.lake.doctor import CHECKS, SETTINGS
from spark_apps.settings import Settings, variables
from spark_apps.tables import ALL_TABLES
from spark_apps.tables.indicator_model import Family
from spark_apps.tables.indicators import ALL_INDICATORS, CHOSEN
from spark_apps.tables.model import Column, Layer, Rule, Table

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
HEAD = "<!-- written by `make docs`; change the source it comes from, not this page -->\n"
INDICATOR_WORDS = """`IndicatorFold(names)` folds what is named; tables hold those in bold. Warm-up: rows without value.
State in doubles, past in earlier rows, operations per row; what shares a state is counted together.
"""
FLOORS = "<!-- floors: written by `make docs` -->"


def links(tables: tuple[Table, ...]) -> str:
    """Link the pages of some tables, or say that there are none."""
    return ", ".join(f"[{table.full_name}]({table.full_name}.md)" for table in tables) or "nothing"


def grid(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    """Lay rows out as a Markdown table."""
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *lines])


def columns_grid(columns: tuple[Column, ...]) -> str:
    """Lay columns out: name, type, whether it may be empty, meaning."""
    return grid(
        ("column", "type", "may be empty", "meaning"),
        ((f"`{column.name}`", column.type, "yes" if column.nullable else "", column.doc) for column in columns),
    )


def rules_grid(rules: tuple[Rule, ...]) -> str:
    """Lay rules out: name, severity, the predicate that is true of a good row."""
    return grid(("rule", "severity", "true of a good row"), ((r.name, r.severity, f"`{r.expect}`") for r in rules))


def table_page(table: Table) -> str:
    """Describe one table."""
    read_by = tuple(other for other in ALL_TABLES if table in other.made_from)
    conserves = "; ".join(f"`{ours}` = `{theirs}` of its input" for ours, theirs in table.conserves)
    facts = [
        ("Key", ", ".join(f"`{name}`" for name in table.key)),
        ("Sliced by", f"`{table.time}`"),
        ("Partitioned by", ", ".join(f"`{name}`" for name in table.partition_by) or "nothing"),
        ("Upkeep", table.upkeep),
        ("Owner", table.owner),
        ("Made from", links(table.made_from)),
        ("Takes of it", f"`{table.takes}`" if table.takes != "true" else "all rows"),
        ("Carries", links(table.carries)),
        ("Read by", links(read_by)),
        ("Looks back", f"{table.lookback} calendar days"),
        ("Input may arrive", f"{table.lookahead} days later"),
        ("Conserves", conserves or "nothing"),
    ]
    listed = "\n".join(f"- {name}: {value}" for name, value in facts)
    parts = [HEAD, f"# {table.full_name}\n", f"Grain: {table.grain}.\n", listed + "\n"]
    parts += ["## Columns\n", columns_grid(table.columns) + "\n"]
    if table.evidence:
        parts += ["## Evidence, judged and not stored\n", columns_grid(table.evidence) + "\n"]
    if table.rules:
        parts += ["## Rules\n", rules_grid(table.rules) + "\n"]
        parts += ["Rows that break one: [runbook](../runbooks/rows_set_aside.md).\n"] * bool(table.evidence)
    return "\n".join(parts)


def lineage_page() -> str:
    """Draw what is made from what; dashed arrows carry an earlier slice."""
    nodes = {table.full_name: table.full_name.replace(".", "_") for table in ALL_TABLES}
    lines = ["flowchart LR"]
    for layer in get_args(Layer):
        inside = [f"    {nodes[t.full_name]}[{t.full_name}]" for t in ALL_TABLES if t.layer == layer]
        lines += [f"  subgraph {layer}", *inside, "  end"]
    lines += [f"  {nodes[s.full_name]} --> {nodes[t.full_name]}" for t in ALL_TABLES for s in t.made_from]
    lines += [f"  {nodes[s.full_name]} -.-> {nodes[t.full_name]}" for t in ALL_TABLES for s in t.carries]
    index = grid(
        ("table", "grain", "upkeep"),
        ((f"[{t.full_name}](tables/{t.full_name}.md)", t.grain, t.upkeep) for t in ALL_TABLES),
    )
    picture = "```mermaid\n" + "\n".join(lines) + "\n```\n"
    return "\n".join([HEAD, "# Lineage\n", picture, "## Tables\n", index + "\n"])


def sentence(text: str | None) -> str:
    """Give the first paragraph of a docstring on one line."""
    return " ".join((text or "").split("\n\n")[0].split())


def floors() -> list[str]:
    """Give the floors of the import contract, top to bottom."""
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    return [*next(one["layers"] for one in tools["importlinter"]["contracts"] if one["id"] == "rooms")]


def architecture_page() -> str:
    """Put the floors as they are now into the page that people write."""
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    picture = "\n".join([FLOORS, "```", *floors(), "```", ""])
    return re.sub(f"{FLOORS}.*?(?=<!-- floors end)", picture, text, flags=re.DOTALL)


def rooms_page() -> str:
    """List the rooms in import order, as the import contract has them."""
    package = griffe.load("spark_apps", search_paths=[ROOT])
    rows = []
    for room in re.findall(r"\w+", " ".join(floors())):
        said = package[room].docstring if room in package.members else None
        rows.append((f"`{room}`", sentence(said.value) if said else "(its place is decided; it does not exist yet)"))
    parts = [HEAD, "# Rooms, top to bottom\n", "A room imports rooms below it, never above; `make check` holds it.\n"]
    return "\n".join([*parts, grid(("room", "what it holds"), iter(rows)) + "\n"])


def public_names(module: griffe.Module) -> Iterator[tuple[str, str]]:
    """Give the public functions and classes of a module with their first sentence."""
    for member in module.members.values():
        if member.name.startswith("_") or not isinstance(member, griffe.Function | griffe.Class):
            continue
        shown = member.name
        if isinstance(member, griffe.Function):
            shown += f"({', '.join(parameter.name for parameter in member.parameters)})"
        yield f"`{shown}`", sentence(member.docstring.value if member.docstring else "")


def modules_of(package: griffe.Object | griffe.Alias) -> Iterator[griffe.Module]:
    """Give a package and all modules in it, in order of name."""
    if isinstance(package, griffe.Module):
        yield package
        for name in sorted(package.modules):
            yield from modules_of(package.modules[name])


def api_page() -> str:
    """List every public function and class, module by module."""
    parts = [HEAD, "# Public names\n"]
    for module in modules_of(griffe.load("spark_apps", search_paths=[ROOT])):
        if rows := list(public_names(module)):
            text = sentence(module.docstring.value if module.docstring else "")
            parts += [f"## {module.path}\n", f"{text}\n", grid(("name", "what it does"), iter(rows)) + "\n"]
    return "\n".join(parts)


def dags_page() -> str:
    """Give the docstring of every DAG, which says what it makes and what to do when it fails."""
    parts = [HEAD, "# DAGs\n"]
    for path in sorted((ROOT / "airflow" / "dags").glob("*.py")):
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        parts += [f"## {path.stem}\n", docstring.replace("](../../docs/", "](") + "\n"]
    return "\n".join(parts)


def decisions_page() -> str:
    """Index the decisions by number, title and status."""
    rows = []
    for path in sorted((DOCS / "adr").glob("[0-9]*.md")):
        lines = path.read_text(encoding="utf-8").splitlines()
        status = next((line.removeprefix("Status: ") for line in lines if line.startswith("Status: ")), "")
        rows.append((f"[{lines[0].removeprefix('# ')}]({path.name})", status))
    return "\n".join([HEAD, "# Decisions\n", grid(("decision", "status"), iter(rows)) + "\n"])


def findings_page() -> str:
    """List what `tayho doctor` looks for, what goes wrong without it and how to mend it."""
    parts = [HEAD, "# Trouble-shooting\n", "`tayho doctor` looks for each of these on your machine.\n"]
    for check in (SETTINGS, *CHECKS):
        parts += [f"## {check.name.capitalize()}\n", f"{check.without}\n", f"Mend: {check.mend}\n"]
    return "\n".join(parts)


def indicators_page() -> str:
    """List every indicator of the kernels by family: meaning, formula, unit, warm-up, cost and source."""
    parts = [HEAD, f"# {len(ALL_INDICATORS)} indicators of one fold\n", INDICATOR_WORDS]
    for family in get_args(Family):
        rows = (
            (
                f"**`{found.name}`**" if found.name in CHOSEN else f"`{found.name}`",
                found.doc,
                f"`{found.formula}`",
                found.unit,
                ", ".join(found.inputs),
                str(found.warm_up),
                f"{found.words} / {found.past} / {found.operations}",
                found.source,
            )
            for found in ALL_INDICATORS
            if found.family == family
        )
        head = ("name", "meaning", "formula", "unit", "inputs", "warm-up", "state / past / operations", "source")
        parts += [f"## {family.capitalize()}\n", grid(head, rows) + "\n"]
    return "\n".join(parts)


def environment_example() -> str:
    """List every TAYHO_* variable with its meaning and its default, all switched off."""
    lines = ["# Settings, nothing else, to copy to .env where they differ from the profile. Written by `make docs`."]
    for name, text in variables().items():
        section, _, key = name.removeprefix("TAYHO_").lower().rpartition("__")
        owner = getattr(Settings.model_fields.get(section), "annotation", Settings)
        default = owner.model_fields[key].default
        value = json.dumps(default) if isinstance(default, tuple | bool) else default
        lines += ["", f"# {text}", f"# {name}={'' if isinstance(default, SecretStr) else value}"]
    return "\n".join(lines)


def pages() -> dict[Path, str]:
    """Give every generated page by its path."""
    made = {DOCS / "tables" / f"{table.full_name}.md": table_page(table) for table in ALL_TABLES}
    made |= {
        ROOT / ".env.example": environment_example(),
        DOCS / "lineage.md": lineage_page(),
        DOCS / "architecture.md": architecture_page(),
        DOCS / "rooms.md": rooms_page(),
        DOCS / "api.md": api_page(),
        DOCS / "dags.md": dags_page(),
        DOCS / "indicators.md": indicators_page(),
        DOCS / "adr" / "README.md": decisions_page(),
        DOCS / "troubleshooting.md": findings_page(),
    }
    return {path: text.rstrip("\n") + "\n" for path, text in made.items()}


def main() -> None:
    """Write every page and remove pages of tables that are gone."""
    for path in set((DOCS / "tables").glob("*.md")) - (made := pages()).keys():
        path.unlink()
    for path, text in made.items():
        path.write_text(text, encoding="utf-8")
    print(f"docs: {len(made)} pages written")


if __name__ == "__main__":
    main()
