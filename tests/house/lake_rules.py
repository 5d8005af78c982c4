"""Rules about the one door to the lake, in the form of source_rules.py: who makes paths, who commits, who drives."""

import ast
from collections.abc import Iterator

from tests.house.source_rules import Breaches, Rule, name_of, nodes

ROOTS = {"lake_root", "lake_folder"}
WRITERS = {"append_arrow", "replace", "replace_files", "write_file"}
READS = {"to_pyarrow_table", "to_pandas"}
COMMITS = {"create_write_transaction", "insertInto", "saveAsTable", "writeTo", "write_deltalake"}
DRIVERS = {
    "spark_apps.lake.files": {"run_by_files"},
    "spark_apps.lake.folds": {"run_fold"},
    "spark_apps.lake.frames": {"commit", "run_frames"},
}
WRITING = ("writing", "files", "folds", "fold_tasks", "frames", "marks", "provenance", "live_progress", "decisions")


def imports(text: str) -> Iterator[tuple[int, str, str]]:
    """Give what a source imports: line, module, name; a module that is imported whole has all names, `*`."""
    for node in nodes(text):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name, "*") for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield node.lineno, node.module, alias.name
                yield node.lineno, f"{node.module}.{alias.name}", "*"


def is_of_a_root(node: ast.AST) -> bool:
    """Say whether an expression is the lake's folder, or a place below it; its parent is none."""
    names = {name_of(part) for part in ast.walk(node) if isinstance(part, ast.Attribute | ast.Call | ast.Name)}
    return bool(ROOTS & names) and "parent" not in names


def location_makes_paths(text: str) -> Breaches:
    """Refuse a path below the lake's folder that lake/location.py did not make."""
    for node in nodes(text):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div | ast.Add) and is_of_a_root(node.left):
            yield f"{node.lineno}: {ast.unparse(node)} is a path; location() makes those"
        elif isinstance(node, ast.Call) and name_of(node) in {"join", "joinpath"}:
            if any(is_of_a_root(part) for part in (node.func, *node.args)):
                yield f"{node.lineno}: {ast.unparse(node)} is a path; location() makes those"
        elif isinstance(node, ast.JoinedStr):
            for part, after in zip(node.values, node.values[1:], strict=False):
                if is_of_a_root(part) and isinstance(after, ast.Constant) and str(after.value).startswith("/"):
                    yield f"{node.lineno}: {ast.unparse(node)} is a path; location() makes those"


def writers_commit(text: str) -> Breaches:
    """Refuse a commit that is not one of lake/writing.py, called by a driver, marks, ops or a person's decision."""
    for line, module, name in imports(text):
        if module == "spark_apps.lake.writing" and name in WRITERS | {"*"}:
            yield f"{line}: {name} of {module} commits; only drivers, marks and what fills ops do"
    for node in nodes(text):
        if isinstance(node, ast.Name | ast.Attribute) and name_of(node) in COMMITS:
            yield f"{node.lineno}: {name_of(node)} commits; only lake/writing.py does"
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute) and node.value.attr == "write":
            yield f"{node.lineno}: .write.{node.attr} commits; only lake/writing.py does"


def run_drives(text: str) -> Breaches:
    """Refuse a batch driver that `run` did not call."""
    for line, module, name in imports(text):
        if name in DRIVERS.get(module, set()) | ({"*"} if module in DRIVERS else set()):
            yield f"{line}: {name} of {module} is for lake/run.py"


def reading_scans(text: str) -> Breaches:
    """Refuse a dataset of delta-rs, or its filters: they lose rows where the log tells nothing of a column."""
    for node in nodes(text):
        if isinstance(node, ast.Attribute | ast.Call) and _is_filtered_by_log(node):
            yield f"{node.lineno}: {ast.unparse(node)} may lose rows; scanned() of lake/reading.py does not"


def _is_filtered_by_log(node: ast.Attribute | ast.Call) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr == "to_pyarrow_dataset"
    return name_of(node) in READS and any(word.arg in {"filters", "partitions"} for word in node.keywords)


LAKE_RULES: tuple[tuple[Rule, tuple[str, ...], tuple[str, ...]], ...] = (
    (location_makes_paths, ("spark_apps/*",), ("spark_apps/lake/location.py",)),
    (
        writers_commit,
        ("spark_apps/*",),
        tuple(f"spark_apps/lake/{name}.py" for name in WRITING),
    ),
    (reading_scans, ("spark_apps/*", "tests/*", "bench/*"), ()),
    (run_drives, ("spark_apps/*",), ("spark_apps/lake/run.py", "spark_apps/lake/folds.py")),
)
