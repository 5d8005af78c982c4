"""Rules about Python sources that a machine can hold: each takes the text of a file and gives what breaks the rule.

`RULES` says over which files each one runs; `test_source_rules.py` runs them and plants a violation of each.
"""

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from functools import lru_cache

ACTIONS = {"cache", "collect", "count", "foreach", "persist", "show", "take", "toArrow", "toLocalIterator", "toPandas"}
DOORS = {"read", "readStream", "write", "writeStream", "writeTo", "sparkSession"}
FRAMES = {"rowsBetween", "rangeBetween"}
UDFS = {
    "applyInArrow", "applyInPandas", "arrow_udf", "foreachPartition", "mapInArrow", "mapInPandas", "mapPartitions",
    "pandas_udf", "rdd", "transformWithState", "transformWithStateInPandas", "udf", "udtf",
}  # fmt: skip
AT_IMPORT = {"basicConfig", "configure", "dictConfig", "getOrCreate", "load", "set_verbosity", "Popen", "Producer"}
SUPPRESSION = re.compile(
    r"#\s*(?:noqa|type:\s*ignore|nosec|pragma:\s*no)(?:[:\s]*[A-Z]+\d+,?|\[[^\]]*\]|\s+cover)*(.*)"
)
SQL_WINDOW = re.compile(r"\bOVER\s*\(", re.IGNORECASE)
SQL_FIRST = re.compile(r"\b(?:first|last|first_value|last_value|any_value)\s*\(", re.IGNORECASE)

Breaches = Iterator[str]
Rule = Callable[[str], Breaches]


@lru_cache(maxsize=512)
def nodes(text: str) -> tuple[ast.AST, ...]:
    """Parse a source once and give all its nodes."""
    return tuple(ast.walk(ast.parse(text)))


def name_of(node: ast.AST) -> str:
    """Give the last name of a name, an attribute or a call; empty for anything else."""
    inner = node.func if isinstance(node, ast.Call) else node
    return str(getattr(inner, "attr", None) or getattr(inner, "id", ""))


def texts(text: str) -> Iterator[tuple[int, str]]:
    """Give the string literals of a source that are not docstrings, with their lines."""
    docstrings = {id(node.value) for node in nodes(text) if isinstance(node, ast.Expr)}
    for node in nodes(text):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.lineno, node.value


def comments(text: str) -> Iterator[tuple[int, str]]:
    """Give the comments of a source with their lines."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def no_session_read_write_or_action(text: str) -> Breaches:
    """Hold domain functions to frames in, frames out."""
    for node in nodes(text):
        if isinstance(node, ast.Name) and node.id in {"SparkSession", "SparkContext", "DeltaTable"}:
            yield f"{node.lineno}: {node.id} belongs to lake/"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ACTIONS:
            spark_function = isinstance(node.func.value, ast.Name) and node.func.value.id == "F"
            counts_words = node.func.attr == "count" and bool(node.args)
            if not spark_function and not counts_words:
                yield f"{node.lineno}: .{node.func.attr}() runs a query"
    called = {id(node.func) for node in nodes(text) if isinstance(node, ast.Call)}
    for node in nodes(text):
        if isinstance(node, ast.Attribute) and node.attr in DOORS and id(node) not in called:
            yield f"{node.lineno}: .{node.attr} is a door of lake/"


def chain(node: ast.AST, assigned: dict[str, ast.expr]) -> dict[str, ast.Call]:
    """Give the calls of a window's chain by name, following names to their assignments."""
    calls: dict[str, ast.Call] = {}
    while True:
        if isinstance(node, ast.Call):
            calls.setdefault(name_of(node), node)
            node = node.func
        elif isinstance(node, ast.Attribute):
            node = node.value
        elif isinstance(node, ast.Name) and node.id in assigned:
            node = assigned.pop(node.id)
        else:
            return calls


def windows(text: str) -> Iterator[tuple[int, dict[str, ast.Call]]]:
    """Give the chain of calls behind each `.over(...)` of a source."""
    found = [node for node in nodes(text) if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)]
    assigned = {name_of(node.targets[0]): node.value for node in found}
    for node in nodes(text):
        if isinstance(node, ast.Call) and name_of(node) == "over" and node.args:
            yield node.lineno, chain(node.args[0], dict(assigned))


def inside_brackets(text: str) -> str:
    """Give what stands before the bracket that closes an open one."""
    depth = 1
    for place, letter in enumerate(text):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if depth == 0:
            return text[:place]
    return text


def sql_windows_have_explicit_frames(sql: str) -> Breaches:
    """Refuse OVER (...) without BETWEEN in SQL."""
    for match in SQL_WINDOW.finditer(sql):
        if "BETWEEN" not in inside_brackets(sql[match.end() :]).upper():
            yield f"{sql[: match.start()].count(chr(10)) + 1}: OVER (...) has no explicit frame"


def windows_have_explicit_frames(text: str) -> Breaches:
    """Refuse a window whose frame the reader has to know by heart."""
    for line, calls in windows(text):
        if not FRAMES & calls.keys():
            yield f"{line}: the window has no rowsBetween or rangeBetween"
    for line, words in texts(text):
        yield from (f"{line}+{breach}" for breach in sql_windows_have_explicit_frames(words))


def windows_have_partitions(text: str) -> Breaches:
    """Refuse a window that sorts all rows in one task."""
    for line, calls in windows(text):
        if "partitionBy" not in calls or not calls["partitionBy"].args:
            yield f"{line}: the window has an empty partitionBy"


def joins_say_how(text: str) -> Breaches:
    """Refuse a join of frames without `how=`."""
    for node in nodes(text):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "join":
            keywords = {keyword.arg for keyword in node.keywords}
            if (len(node.args) > 1 or "on" in keywords) and "how" not in keywords:
                yield f"{node.lineno}: join without how="


def no_first_or_last(text: str) -> Breaches:
    """Refuse first() and last() aggregates: their answer depends on the order of rows."""
    for node in nodes(text):
        if isinstance(node, ast.Call) and name_of(node) in {"first", "last", "first_value", "last_value", "any_value"}:
            owner = node.func.value if isinstance(node.func, ast.Attribute) else None
            if owner is None or name_of(owner) in {"F", "functions"}:
                yield f"{node.lineno}: {name_of(node)}(); use min_by or max_by with a full tie-break"
    for line, words in texts(text):
        if SQL_FIRST.search(words):
            yield f"{line}: first or last in SQL; use min_by or max_by with a full tie-break"


def no_python_udf(text: str) -> Breaches:
    """Refuse Python code over rows or batches outside kernels/arrow.py."""
    for node in nodes(text):
        if isinstance(node, ast.Name | ast.Attribute) and name_of(node) in UDFS:
            yield f"{node.lineno}: {name_of(node)} belongs to kernels/arrow.py"


def at_most_250_lines(text: str) -> Breaches:
    """Keep a file readable in one go."""
    if (lines := text.count("\n")) > 250:
        yield f"{lines}: lines, at most 250"


def functions_of_at_most_70_lines(text: str) -> Breaches:
    """Keep a function on one screen."""
    for node in nodes(text):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or 0) - node.lineno + 1
            if lines > 70:
                yield f"{node.lineno}: {node.name} has {lines} lines, at most 70"


def suppressions_have_reasons(text: str) -> Breaches:
    """Refuse a lint suppression that does not say why, in words, on its line."""
    for line, comment in comments(text):
        match = SUPPRESSION.search(comment)
        if match and not re.search(r"[a-z]{2}", match[1]):
            yield f"{line}: {comment} gives no reason"


def no_open_ends(text: str) -> Breaches:
    """Refuse notes of work left undone."""
    for line, comment in comments(text):
        if re.search(r"\b(?:TODO|FIXME|XXX|HACK)\b", comment):
            yield f"{line}: {comment}"


def no_postponed_annotations(text: str) -> Breaches:
    """Refuse what hides circular imports."""
    for node in nodes(text):
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            yield f"{node.lineno}: from __future__ import"
        elif isinstance(node, ast.Name | ast.Attribute) and name_of(node) == "TYPE_CHECKING":
            yield f"{node.lineno}: TYPE_CHECKING"


def nothing_is_built_at_import(text: str) -> Breaches:
    """Refuse logging set-up, sessions, clients and settings made when a module is imported."""
    waiting: list[ast.AST] = [
        node for node in ast.parse(text).body if not (isinstance(node, ast.If) and "__name__" in ast.unparse(node.test))
    ]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Call) and name_of(node) in AT_IMPORT:
            yield f"{node.lineno}: {name_of(node)}() at import"
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting.extend(ast.iter_child_nodes(node))


def no_skips_in_tests(text: str) -> Breaches:
    """Refuse skips: markers and tests/plugins.py decide them."""
    for node in nodes(text):
        if isinstance(node, ast.Attribute) and node.attr in {"skip", "skipif", "importorskip", "xfail", "SkipTest"}:
            yield f"{node.lineno}: .{node.attr}"


BELOW_LAKE = (
    "reports", "risk", "orders", "signals", "models", "features", "indicators", "news", "market", "sources", "exchange",
    "rules",
)  # fmt: skip
DOMAIN = tuple(f"spark_apps/{room}/*" for room in BELOW_LAKE)
PACKAGE = ("spark_apps/*",)
TREE = ("*",)
LIVE = "spark_apps/lake/live_fold.py"  # holds the one stateful operator

# Each rule with the patterns of the files it holds, and of those it lets be.
RULES: tuple[tuple[Rule, tuple[str, ...], tuple[str, ...]], ...] = (
    (no_session_read_write_or_action, DOMAIN, ()),
    (windows_have_explicit_frames, PACKAGE, ()),
    (windows_have_partitions, PACKAGE, ()),
    (joins_say_how, TREE, ()),
    (no_first_or_last, PACKAGE, ()),
    (no_python_udf, PACKAGE, ("spark_apps/kernels/arrow.py", LIVE)),
    (at_most_250_lines, TREE, ()),
    (functions_of_at_most_70_lines, TREE, ()),
    (suppressions_have_reasons, TREE, ()),
    (no_open_ends, TREE, ()),
    (no_postponed_annotations, TREE, ()),
    (nothing_is_built_at_import, PACKAGE, ()),
    (no_skips_in_tests, ("tests/*",), ("tests/plugins.py",)),
)


def applies(path: str, held: tuple[str, ...], let_be: tuple[str, ...]) -> bool:
    """Answer whether a rule with these patterns holds a file."""
    return any(fnmatch(path, pattern) for pattern in held) and path not in let_be
