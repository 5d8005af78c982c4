"""Write build/quality.html: the last whole test run, its coverage and the last benchmarks on one page.

Reads build/tests/results.xml and build/tests/coverage.json, which `make test` leaves, and the ledgers build/bench.jsonl
and build/drills.jsonl, which `make bench` and `make drill` leave: a flat object a line.
"""

import json
import xml.etree.ElementTree as ET  # nosec B405  # reads what pytest wrote
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path
from typing import Any

BUILD = Path(__file__).parents[1] / "build"
STYLE = "body{font:15px/1.4 sans-serif;margin:2em auto;max-width:60em}td,th{padding:.2em .8em;text-align:left}"


def grid(rows: Iterable[Mapping[str, Any]]) -> str:
    """Lay flat objects out as an HTML table, with a column for each name that any of them has."""
    found = list(rows)
    if not found:
        return "<p>nothing yet</p>"
    names = list(dict.fromkeys(name for row in found for name in row))
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(str(row.get(name, '')))}</td>" for name in names) + "</tr>" for row in found
    )
    return f"<table><tr>{head}</tr>{body}</table>"


def tests(path: Path) -> list[dict[str, Any]]:
    """Count tests per folder of the last run, with failures, skips and seconds."""
    rows: dict[str, dict[str, Any]] = {}
    for case in ET.parse(path).getroot().iter("testcase"):  # nosec B314  # reads what pytest wrote
        room = ".".join(case.get("classname", "").split(".")[:2])
        row = rows.setdefault(room, {"tests of": room, "tests": 0, "failed": 0, "skipped": 0, "seconds": 0.0})
        row["tests"] += 1
        row["failed"] += case.find("failure") is not None or case.find("error") is not None
        row["skipped"] += case.find("skipped") is not None
        row["seconds"] = round(row["seconds"] + float(case.get("time", 0)), 1)
    return sorted(rows.values(), key=lambda row: str(row["tests of"]))


def coverage(path: Path) -> list[dict[str, Any]]:
    """Give lines and share covered per module, and in total."""
    report = json.loads(path.read_text(encoding="utf-8"))
    modules = {**report["files"], "total": {"summary": report["totals"]}}
    return [
        {
            "module": name,
            "lines": module["summary"]["num_statements"],
            "not run": module["summary"]["missing_lines"],
            "covered": f"{module['summary']['percent_covered']:.1f} %",
        }
        for name, module in modules.items()
    ]


def newest(path: Path, *names: str) -> list[dict[str, Any]]:
    """Give the newest line of each bench and peer, or each drill, in order of first appearance."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    rows = [json.loads(line) for line in lines]
    return list({tuple(row.get(name) for name in names): row for row in rows}.values())


def page(build: Path) -> str:
    """Make the whole page from what the folder holds."""
    results, covered = build / "tests" / "results.xml", build / "tests" / "coverage.json"
    parts = ["<h1>Tayho: tests, coverage, benchmarks</h1>"]
    parts += ["<h2>Tests</h2>", grid(tests(results) if results.exists() else [])]
    parts += ["<h2>Coverage</h2>", grid(coverage(covered) if covered.exists() else [])]
    parts += ["<h2>Benchmarks</h2>", grid(newest(build / "bench.jsonl", "bench", "peer"))]
    parts += ["<h2>Drills</h2>", grid(newest(build / "drills.jsonl", "drill"))]
    head = f"<meta charset='utf-8'><meta name='viewport' content='width=device-width'><style>{STYLE}</style>"
    return f"<!doctype html><html lang='en'><title>Tayho: quality</title>{head}<body>{''.join(parts)}</body></html>"


if __name__ == "__main__":
    BUILD.mkdir(exist_ok=True)
    (BUILD / "quality.html").write_text(page(BUILD), encoding="utf-8")
