"""The frame driver: DataFrames in, one judged DataFrame out, counted, then one commit per table."""

from dataclasses import replace as replaced
from datetime import date, timedelta

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
        report = count(judged, table)
        if table.first_by:
            report = check_rows(all_judged.where(~in_slice).count(), first_input.count(), report)
        else:
            of_slice = F.col(table.made_from[0].time).between(F.lit(days.start), F.lit(days.end))
            report = check_sums(judged, first_input.where(of_slice), table, report)
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
    seen = made.observe(lines, F.count("*").alias("read"), _where(~in_slice).alias("of_other_slices"))
    rows = seen.where(in_slice).withColumn("run_id", F.lit(provenance.run_id))
    before = opened(table, settings).version()
    replace(rows, table, days.start, days.end, settings, provenance.metadata)
    after = opened(table, settings)
    # A commit of ours, where there was no row to write, counts none.
    counted = after.history(1)[0].get("operationMetrics", {})
    # Files that hold other slices too are written anew: their rows are output, but not of this run.
    written = int(counted.get("numOutputRows", 0)) - int(counted.get("numCopiedRows", 0))
    rows_in = lines.get["read"] - lines.get["of_other_slices"]
    if rows_in != written:
        restore(table, before, settings)
        raise RowsDoNotAddUp(
            f"{table.full_name}: {rows_in} lines read, but {written} written; the table is again as at version "
            f"{before}. Mend its loader and run these days again"
        )
    return RunReport(table.full_name, "done", rows_in=rows_in, rows_out=written)


def _where(condition: Column) -> Column:
    return F.coalesce(F.count_if(condition), F.lit(0))


def count(judged: DataFrame, table: Table) -> RunReport:
    """Count rows by outcome and by warn rule; refuse error rows where there is no quarantine."""
    warn, error = table.rules_of("warn"), table.rules_of("error")
    totals = judged.agg(
        F.count("*").alias("rows"),
        *[_where(F.col(OUTCOME) == outcome).alias(outcome) for outcome in (ACCEPTED, QUARANTINE, LATE, DUPLICATE)],
        *[
            _where((F.col(OUTCOME) == ACCEPTED) & F.array_contains("warnings", rule.name)).alias(rule.name)
            for rule in warn
        ],
        *[_where(F.array_contains(BROKEN, rule.name)).alias(rule.name) for rule in error],
    ).first()
    assert totals is not None
    found = totals.asDict()
    broken = {rule.name: found[rule.name] for rule in error if found[rule.name]}
    if broken and not table.evidence:
        raise RuleViolated(
            f"{table.full_name}: {broken} rows break rules that its own transform must keep; nothing was written. "
            f"Read the rule in tables, then mend the transform"
        )
    return RunReport(
        job=table.full_name,
        status="done",
        rows_in=found["rows"],
        rows_out=found[ACCEPTED],
        quarantined=found[QUARANTINE],
        late=found[LATE],
        duplicate=found[DUPLICATE],
        warnings={**broken, **{rule.name: found[rule.name] for rule in warn if found[rule.name]}},
    )


def check_rows(of_other_slices: int, rows_read: int, report: RunReport) -> RunReport:
    """Hold the judged rows, and those that belong to other slices, against the rows that the input itself counts."""
    rows_in = rows_read - of_other_slices
    if rows_in != report.rows_in:
        raise RowsDoNotAddUp(
            f"{report.job}: {rows_in} rows in, but {report.rows_in} judged; nothing was written. "
            f"Mend its transform: each row of the input makes one"
        )
    return report


def check_sums(judged: DataFrame, source: DataFrame, table: Table, report: RunReport) -> RunReport:
    """Compare the sums that a table declares with those of its first input, and count that input's rows."""
    theirs = source.agg(F.count("*"), *[F.expr(theirs) for _, theirs in table.conserves]).first()
    accepted = judged.where(F.col(OUTCOME) == ACCEPTED)
    ours = accepted.agg(F.count("*"), *[F.expr(ours) for ours, _ in table.conserves]).first()
    assert theirs is not None and ours is not None
    for place, (expression, origin) in enumerate(table.conserves, start=1):
        if (ours[place] or 0) != (theirs[place] or 0):
            raise RowsDoNotAddUp(
                f"{table.full_name}: {expression} is {ours[place]}, but {origin} of {table.made_from[0].full_name} "
                f"is {theirs[place]}; nothing was written. Mend its transform, or the sums that it declares to conserve"
            )
    sums = {expression: int(ours[place] or 0) for place, (expression, _) in enumerate(table.conserves, start=1)}
    return replaced(report, rows_in=theirs[0], sums=sums)
