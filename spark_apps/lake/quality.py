"""Verdicts: each rule's one predicate text becomes a column once, and the row goes where it says."""

from functools import reduce

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from spark_apps.tables.model import Rule, Table

OUTCOME = "outcome"
BROKEN = "broken_rules"
ACCEPTED, QUARANTINE, LATE, DUPLICATE = "accepted", "quarantine", "late", "duplicate"


def holds(rule: Rule) -> Column:
    """Say whether a rule is true of the row; a NULL answer is a failure."""
    return F.coalesce(F.expr(rule.expect), F.lit(False))


def names_of_broken(rules: tuple[Rule, ...]) -> Column:
    """List the names of the rules that the row breaks, in order of declaration."""
    if not rules:
        return F.array().cast("array<string>")
    none = F.array().cast("array<string>")
    broken = F.array_compact(F.array(*[F.when(~holds(rule), F.lit(rule.name)) for rule in rules]))
    return F.when(all_hold(rules), none).otherwise(broken)  # nearly always: a lambda for each row is spared


def all_hold(rules: tuple[Rule, ...]) -> Column:
    """Say whether every rule is true of the row."""
    return reduce(lambda left, rule: left & holds(rule), rules, F.lit(True))


def judge(frame: DataFrame, table: Table) -> DataFrame:
    """Add warnings, broken_rules and outcome: quarantine before late before duplicate before accepted.

    Grain: one row per row of frame. Of accepted rows with one key the first by `table.first_by` stays.
    """
    late = table.rules_of("late")
    judged = frame.withColumns(
        {
            "warnings": names_of_broken(table.rules_of("warn")),
            BROKEN: names_of_broken(table.rules_of("error")),
        }
    ).withColumn(
        OUTCOME,
        F.when(F.size(BROKEN) > 0, QUARANTINE).when(~all_hold(late), LATE).otherwise(ACCEPTED),
    )
    if not table.first_by:
        return judged
    same_key = (
        Window.partitionBy(OUTCOME, *table.key)
        .orderBy(*table.first_by)
        .rowsBetween(Window.unboundedPreceding, Window.currentRow)
    )
    repeated = (F.col(OUTCOME) == ACCEPTED) & (F.row_number().over(same_key) > 1)
    return judged.withColumn(OUTCOME, F.when(repeated, DUPLICATE).otherwise(F.col(OUTCOME)))


def kept_aside(judged: DataFrame, table: Table, outcome: str, slice_column: str) -> DataFrame:
    """Shape the rows of one outcome for quarantine, late or duplicate: the row itself as JSON.

    The record is part of those tables' key, so what equality leaves out is not in it: a run again makes the same rows.
    """
    names = [column.name for column in (*table.columns, *table.evidence) if column.name not in table.unequal]
    record = [F.col(name) for name in names if name in judged.columns]
    reasons = {
        LATE: names_of_broken(table.rules_of("late")),
        DUPLICATE: F.array(F.lit("key_is_first_seen")),
        QUARANTINE: F.col(BROKEN),
    }
    return judged.where(F.col(OUTCOME) == outcome).select(
        F.col(slice_column).alias("slice_date"),
        reasons[outcome].alias(BROKEN),
        F.to_json(F.struct(*record)).alias("record"),
    )
