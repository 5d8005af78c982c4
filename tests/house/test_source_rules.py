"""Every source obeys the rules of the house, and every rule sees a planted violation."""

import pytest

from tests.house import lake_rules as lake
from tests.house import source_rules as house
from tests.house.lake_rules import LAKE_RULES
from tests.house.source_rules import RULES, Rule, applies
from tests.house.tree import listed, read

ALL_RULES = (*RULES, *LAKE_RULES)
SOURCES = {path: read(path) for path in listed("*.py")}

PLANTED: dict[Rule, tuple[str, ...]] = {
    house.no_session_read_write_or_action: (
        "frame.collect()",
        "frame.count()",
        "spark.read.parquet(path)",
        "frame.write.save(path)",
        "SparkSession.builder",
    ),
    house.windows_have_explicit_frames: (
        "F.sum('x').over(Window.partitionBy('a').orderBy('b'))",
        "by_day = Window.partitionBy('a')\nF.sum('x').over(by_day)",
        "sql = 'SELECT sum(x) OVER (PARTITION BY (a) ORDER BY b) FROM t WHERE c BETWEEN 1 AND 2'",
    ),
    house.windows_have_partitions: (
        "F.sum('x').over(Window.orderBy('b').rowsBetween(-1, 0))",
        "F.sum('x').over(Window.partitionBy().orderBy('b').rowsBetween(-1, 0))",
    ),
    house.joins_say_how: ("left.join(right, 'key')", "left.join(right, on='key')"),
    house.no_first_or_last: ("F.first('x')", "last('x')", "sql = 'SELECT first(x) FROM t GROUP BY y'"),
    house.no_python_udf: ("frame.mapInArrow(f, 'x int')", "@udf('int')\ndef f(x): ...", "frame.rdd.map(f)"),
    house.at_most_250_lines: ("x = 1\n" * 251,),
    house.functions_of_at_most_70_lines: ("def f():\n" + "    x = 1\n" * 70,),
    house.suppressions_have_reasons: (
        "x = 1  # noqa",
        "x = 1  # noqa: E501",
        "x = 1  # type: ignore[arg-type]",
        "x = 1  # nosec B608",
        "x = 1  # pragma: no cover",
    ),
    house.no_open_ends: ("x = 1  # TO" + "DO: mend",),
    house.no_postponed_annotations: ("from __future__ import annotations", "if TYPE_CHECKING:\n    import x"),
    house.nothing_is_built_at_import: (
        "spark = SparkSession.builder.getOrCreate()",
        "logging.basicConfig()",
        "class A:\n    settings = load()",
        "if True:\n    structlog.configure()",
    ),
    lake.location_makes_paths: (
        "settings.lake_root / 'gold' / 'bars'",
        "settings.lake_root.absolute() / table.layer",
        "lake_folder(settings) / 'gold'",
        "settings.lake_root.joinpath('gold')",
        "os.path.join(settings.lake_root, 'gold')",
        "f'{settings.lake_root}/gold/bars'",
        "str(settings.lake_root) + '/gold'",
    ),
    lake.writers_commit: (
        "from spark_apps.lake.writing import replace",
        "from spark_apps.lake import writing",
        "import spark_apps.lake.writing",
        "opened.create_write_transaction(added, mode='append')",
        "frame.write.format('delta').save(path)",
        "deltalake.write_deltalake(path, rows)",
    ),
    lake.run_drives: (
        "from spark_apps.lake.frames import run_frames",
        "from spark_apps.lake.frames import commit",
        "from spark_apps.lake import folds",
        "import spark_apps.lake.files",
    ),
    lake.reading_scans: (
        "ensure(table, settings).to_pyarrow_dataset()",
        "DeltaTable(path).to_pyarrow_table(filters=[('price', '=', 1)])",
        "DeltaTable(path).to_pandas(filters=[('price', '=', 1)])",
    ),
    house.no_skips_in_tests: ("pytest.skip('later')", "@pytest.mark.skipif(True)\ndef test_x(): ..."),
}

GOOD = """
by_day = Window.partitionBy("a").orderBy("b")
F.sum("x").over(by_day.rowsBetween(-1, 0))
F.count("*"), F.min_by("x", "y"), "abc".count("a"), ", ".join(words)
left.join(right, on="key", how="inner")
total = frame.agg(F.sum("x"))  # type: ignore[arg-type]  # the stub forgets columns
beside = settings.lake_root.parent / "broker"
raise UnknownTable(f"not made yet under {settings.lake_root}: run `make run`")
from spark_apps.lake.writing import mark
ensure(table, settings).to_pyarrow_table(columns=["price"])
if __name__ == "__main__":
    logging.basicConfig()
"""


@pytest.mark.parametrize("path", SOURCES)
def test_a_source_obeys_the_house(path: str) -> None:
    rules = [rule for rule, held, let_be in ALL_RULES if applies(path, held, let_be)]
    broken = [f"{path}:{breach} ({rule.__name__})" for rule in rules for breach in rule(SOURCES[path])]
    assert broken == []


@pytest.mark.parametrize("path", listed("sql/*.sql"))
def test_a_query_says_its_frames_and_needs_no_order_of_rows(path: str) -> None:
    sql = read(path)
    assert list(house.sql_windows_have_explicit_frames(sql)) == []
    assert house.SQL_FIRST.search(sql) is None


@pytest.mark.parametrize("rule", [rule for rule, _, _ in ALL_RULES], ids=lambda rule: str(rule.__name__))
def test_a_rule_sees_its_planted_violations_and_passes_good_code(rule: Rule) -> None:
    assert [source for source in PLANTED[rule] if not list(rule(source))] == []
    assert list(rule(GOOD)) == []


def test_the_live_fold_holds_its_stateful_operator_and_no_other_python() -> None:
    assert all("transformWithState" in breach for breach in house.no_python_udf(SOURCES[house.LIVE]))
