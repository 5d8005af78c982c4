"""Verdicts: one text per rule, and each row goes to one place."""

from pyspark.sql import SparkSession

from spark_apps.lake.quality import judge, kept_aside
from spark_apps.tables.model import RUN_ID, Column, Rule, Table

PRICES = Table(
    layer="silver",
    name="prices",
    grain="one row per price",
    columns=(
        Column("id", "INT", "Identity."),
        Column("price", "INT", "Price."),
        Column("session_date", "DATE", "Day."),
        RUN_ID,
    ),
    key=("id",),
    owner="tests",
    evidence=(Column("place", "INT", "Order of arrival."), Column("age", "INT", "Days.", nullable=True)),
    first_by=("place",),
    rules=(
        Rule("price_is_positive", "price > 0"),
        Rule("arrives_soon", "age <= 3", "late"),
        Rule("price_is_small", "price < 100", "warn"),
    ),
)


def outcomes(spark: SparkSession, *given: tuple[int | None, ...]) -> list[tuple[str, list[str]]]:
    frame = spark.createDataFrame(
        [(*row, None) for row in given], "id INT, price INT, place INT, age INT, session_date DATE"
    )
    return [(row.outcome, row.broken_rules) for row in judge(frame, PRICES).orderBy("place").collect()]


def test_a_null_answer_fails_the_rule(spark: SparkSession) -> None:
    assert outcomes(spark, (1, None, 1, 0)) == [("quarantine", ["price_is_positive"])]


def test_a_row_that_is_bad_and_late_goes_to_quarantine(spark: SparkSession) -> None:
    assert outcomes(spark, (1, 0, 1, 9), (2, 5, 2, 9), (3, 5, 3, None)) == [
        ("quarantine", ["price_is_positive"]),
        ("late", []),
        ("late", []),
    ]


def test_of_two_rows_with_one_key_the_first_good_one_stays(spark: SparkSession) -> None:
    found = outcomes(spark, (1, 0, 1, 0), (1, 7, 3, 0), (1, 6, 2, 0))
    assert [outcome for outcome, _ in found] == ["quarantine", "accepted", "duplicate"]


def test_a_warning_marks_the_row_and_keeps_it(spark: SparkSession) -> None:
    frame = spark.createDataFrame([(1, 500, None, 1, 0)], "id INT, price INT, session_date DATE, place INT, age INT")
    (row,) = judge(frame, PRICES).collect()
    assert (row.outcome, row.warnings) == ("accepted", ["price_is_small"])


def test_what_is_set_aside_keeps_the_row_as_json_whichever_run_it_was(spark: SparkSession) -> None:
    columns = "id INT, price INT, session_date DATE, place INT, age INT, run_id STRING"
    frame = spark.createDataFrame([(1, 0, None, 1, 0, "a run")], columns)
    (row,) = kept_aside(judge(frame, PRICES), PRICES, "quarantine", "session_date").collect()
    assert row.record == '{"id":1,"price":0,"place":1,"age":0}'
