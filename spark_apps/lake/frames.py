"""The frame driver: DataFrames in, one judged DataFrame out, counted, then one commit per table."""

from dataclasses import replace as replaced
from datetime import date, timedelta
from typing import Any

from pyspark.sql import Column, DataFrame, Observation, SparkSession
from pyspark.sql import functions as F

from spark_apps.errors import RowsDoNotAddUp, RuleViolated
from spark_apps.lake.job import Job, Slice
from spark_apps.lake.provenance import Provenance, RunReport
from spark_apps.lake.quality import ACCEPTED, BROKEN, DUPLICATE, LATE, OUTCOME, QUARANTINE, judge, kept_aside
from spark_apps.lake.reading import read, row_count
from spark_apps.lake.tables import opened
from spark_apps.lake.writing import replace, restore
from spark_apps.settings import Settings
from spark_apps.tables import set_aside_tables
from spark_apps.tables.model import Table

OUTCOME_OF_LAYER = {"quarantine": QUARANTINE, "late": LATE, "duplicate": DUPLICATE}
# Of rows by whether they are of the slice and by outcome: how many, how many break each rule, what they sum to.
Tally = dict[tuple[bool, str], dict[str, Any]]


def run_frames(job: Job, days: Slice, spark: SparkSession, settings: Settings, provenance: Provenance) -> RunReport:
    """Run a frame job over its slice: transform, judge, count, set aside, commit."""
    ahead = timedelta(days=job.writes.lookahead)
    inputs = [
        read(
            spark,
            source,
            provenance.inputs[source.full_name],
            settings,
            days.start - timedelta(days=job.writes.lookback),
            min(days.end, date.max - ahead) + ahead,
        )
        for source in job.writes.made_from
    ]
    inputs[0] = inputs[0].where(job.writes.takes)
    made = job.transform(*inputs, **job.arguments(settings))
    return commit(made, inputs[0], job.writes, days, settings, provenance)


def commit(
    made: DataFrame, first_input: DataFrame, table: Table, days: Slice, settings: Settings, provenance: Provenance
) -> RunReport:
    """Judge the rows of a slice, check that they add up, write what is kept and what is set aside."""
    slice_column = "slice_date" if "slice_date" in made.columns else table.time
    in_slice = F.col(slice_column).between(F.lit(days.start), F.lit(days.end))
    if table.made_from[0].upkeep == "external":
        return _load(made, in_slice, table, days, settings, provenance)
    # Row by row, every row of the input has to show up: those of other slices are counted before they are let go.
    wanted = made if table.first_by else made.where(in_slice)
    all_judged = judge(wanted, table).withColumn("run_id", F.lit(provenance.run_id)).persist()
    judged = all_judged.where(in_slice)
    try:
        counted = tally(all_judged, in_slice, table)
        report = count(counted, table)
        if table.first_by:
            report = check_rows(counted, first_input.count(), report)
        else:
            of_slice = F.col(table.made_from[0].time).between(F.lit(days.start), F.lit(days.end))
            report = check_sums(counted, first_input.where(of_slice), table, report)
        for kept in set_aside_tables(table):
            if not report.set_aside(kept.layer) and not row_count(kept, settings):
                continue
            aside = kept_aside(judged, table, OUTCOME_OF_LAYER[kept.layer], slice_column)
            aside = aside.withColumn("run_id", F.lit(provenance.run_id))
            replace(aside, kept, days.start, days.end, settings, provenance.metadata)
        accepted = judged.where(F.col(OUTCOME) == ACCEPTED)
        replace(accepted, table, days.start, days.end, settings, provenance.metadata)
        return report
    finally:
        all_judged.unpersist()


def _load(
    made: DataFrame, in_slice: Column, table: Table, days: Slice, settings: Settings, provenance: Provenance
) -> RunReport:
    """Write the lines of files, which no rule judges, without holding them in memory; Delta itself counts them.

    A file has no count of its own, so its lines are counted as they pass, before the slice is cut.
    """
    lines = Observation("lines")
    seen = made.observe(lines, F.count("*").alias("read"), F.count_if(~in_slice).alias("of_other_slices"))
    rows = seen.where(in_slice).withColumn("run_id", F.lit(provenance.run_id))
    before, held = opened(table, settings).version(), row_count(table, settings)
    replace(rows, table, days.start, days.end, settings, provenance.metadata)
    after = opened(table, settings)
    # A commit of ours, where there was no row to write, counts none.
    counted = after.history(1)[0].get("operationMetrics", {})
    # Files that hold other slices too are written anew: their rows are output, but not of this run.
    written = int(counted.get("numOutputRows", 0)) - int(counted.get("numCopiedRows", 0))
    rows_in = lines.get["read"] - lines.get["of_other_slices"]
    if held and not lines.get["read"]:
        restore(table, before, settings)
        raise RowsDoNotAddUp(
            f"{table.full_name}: no line was read, but the table holds {held} rows, which stay; it is again as at "
            f"version {before}. Put the files of {table.made_from[0].full_name} back into their folder"
        )
    if rows_in != written:
        restore(table, before, settings)
        raise RowsDoNotAddUp(
            f"{table.full_name}: {rows_in} lines read, but {written} written; the table is again as at version "
            f"{before}. Mend its loader and run these days again"
        )
    return RunReport(table.full_name, "done", rows_in=rows_in, rows_out=written)


def tally(judged: DataFrame, in_slice: Column, table: Table) -> Tally:
    """Count rows, rows by rule, and what the table conserves, in one pass over all that was judged.

    Grain: one entry per outcome of the slice and per outcome of other slices; one that no row had is not there.
    """
    counted = judged.groupBy(in_slice.alias("in_slice"), OUTCOME).agg(
        F.count("*").alias("rows"),
        *[F.count_if(F.array_contains("warnings", rule.name)).alias(rule.name) for rule in table.rules_of("warn")],
        *[F.count_if(F.array_contains(BROKEN, rule.name)).alias(rule.name) for rule in table.rules_of("error")],
        *[F.expr(ours).alias(ours) for ours, _ in table.conserves],
    )
    return {(row["in_slice"], row[OUTCOME]): row.asDict() for row in counted.collect()}


def count(counted: Tally, table: Table) -> RunReport:
    """Count rows by outcome and by warn rule; refuse error rows where there is no quarantine."""
    mine = {outcome: found for (of_slice, outcome), found in counted.items() if of_slice}
    rows = {outcome: found["rows"] for outcome, found in mine.items()}
    broken = {rule.name: sum(found[rule.name] for found in mine.values()) for rule in table.rules_of("error")}
    broken = {name: found for name, found in broken.items() if found}
    if broken and not table.evidence:
        raise RuleViolated(
            f"{table.full_name}: {broken} rows break rules that its own transform must keep; nothing was written. "
            f"Read the rule in tables, then mend the transform"
        )
    accepted = mine.get(ACCEPTED, {})
    warned = {rule.name: accepted[rule.name] for rule in table.rules_of("warn") if accepted.get(rule.name)}
    return RunReport(
        job=table.full_name,
        status="done",
        rows_in=sum(rows.values()),
        rows_out=rows.get(ACCEPTED, 0),
        quarantined=rows.get(QUARANTINE, 0),
        late=rows.get(LATE, 0),
        duplicate=rows.get(DUPLICATE, 0),
        warnings=broken | warned,
    )


def check_rows(counted: Tally, rows_read: int, report: RunReport) -> RunReport:
    """Hold the judged rows, and those that belong to other slices, against the rows that the input itself counts."""
    rows_in = rows_read - sum(found["rows"] for (of_slice, _), found in counted.items() if of_slice is False)
    if rows_in != report.rows_in:
        raise RowsDoNotAddUp(
            f"{report.job}: {rows_in} rows in, but {report.rows_in} judged; nothing was written. "
            f"Mend its transform: each row of the input makes one"
        )
    return report


def check_sums(counted: Tally, source: DataFrame, table: Table, report: RunReport) -> RunReport:
    """Compare the sums that a table declares with those of its first input, and count that input's rows."""
    theirs = source.agg(F.count("*"), *[F.expr(theirs) for _, theirs in table.conserves]).first()
    assert theirs is not None
    accepted = counted.get((True, ACCEPTED), {})
    sums = {expression: accepted.get(expression) or 0 for expression, _ in table.conserves}
    for place, (expression, origin) in enumerate(table.conserves, start=1):
        if sums[expression] != (theirs[place] or 0):
            raise RowsDoNotAddUp(
                f"{table.full_name}: {expression} is {sums[expression]}, but {origin} of "
                f"{table.made_from[0].full_name} is {theirs[place]}; nothing was written. Mend its transform, or the "
                f"sums that it declares to conserve"
            )
    return replaced(report, rows_in=theirs[0], sums={name: int(found) for name, found in sums.items()})
