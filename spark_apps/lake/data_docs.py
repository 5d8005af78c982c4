"""Great Expectations over the nightly batch: one boolean column per declared rule, one expectation per column.

The column is made by `lake.quality.holds` from the rule's own predicate text, so the pages and the quarantine
cannot disagree. Rows that were set aside come back from their JSON record.
"""

import os
import warnings
from collections.abc import Mapping, Sequence
from datetime import date
from functools import reduce
from pathlib import Path
from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_apps.lake.location import report_folder
from spark_apps.lake.quality import holds
from spark_apps.lake.reading import latest
from spark_apps.lake.tables import stored_rules
from spark_apps.settings import Settings
from spark_apps.tables import set_aside_tables
from spark_apps.tables.model import Rule, Table

SEVERITIES = {"error": "critical", "warn": "warning"}


def build_data_docs(
    spark: SparkSession, settings: Settings, slices: Mapping[Table, tuple[date, date]]
) -> dict[str, dict[str, int]]:
    """Validate a slice of each table and write static pages; give per table the rows that break each rule.

    Pages lie in <reports>/data_docs/index.html. Tables without rules of severity error or warn are passed over.
    """
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with warnings.catch_warnings():
        # Great Expectations imports modules that Python deprecates; nobody here can mend that.
        warnings.simplefilter("ignore")
        return _build(spark, settings, slices)


def _build(
    spark: SparkSession, settings: Settings, slices: Mapping[Table, tuple[date, date]]
) -> dict[str, dict[str, int]]:
    import great_expectations as gx

    folder = report_folder(settings) / "data_docs"
    context: Any = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    for site in list(context.get_site_names()):
        context.delete_data_docs_site(site)
    context.add_data_docs_site("local", _site(folder))
    source = context.data_sources.add_spark("lake")
    broken = {}
    for table, (start, end) in slices.items():
        if rules := table.rules_of("error", "warn"):
            rows = verdicts(spark, settings, table, rules, start, end).cache()
            batch = source.add_dataframe_asset(table.full_name).add_batch_definition_whole_dataframe(
                f"{start} to {end}"
            )
            broken[table.full_name] = _validate(gx, context, table, rules, batch, rows)
            rows.unpersist()
    context.build_data_docs()
    return broken


def verdicts(
    spark: SparkSession, settings: Settings, table: Table, rules: Sequence[Rule], start: date, end: date
) -> DataFrame:
    """Answer each rule for each row of a slice, accepted or quarantined.

    Grain: one row per judged row that was no repeat, one boolean column per rule. What a rule reads beside the stored
    columns is gone from an accepted row: it broke no error rule, and its warnings name the others.
    """
    stored = {rule.name: holds(rule) for rule in stored_rules(table, "error", "warn")}
    accepted = latest(spark, table, settings).where(F.col(table.time).between(F.lit(start), F.lit(end)))
    answers = [stored[rule.name] if rule.name in stored else _answer_kept(rule) for rule in rules]
    parts = [accepted.select(*[answer.alias(rule.name) for answer, rule in zip(answers, rules, strict=True)])]
    for kept in set_aside_tables(table):
        if kept.layer == "quarantine":
            optional = ", ".join(column.optional().ddl for column in (*table.columns, *table.evidence))
            aside = latest(spark, kept, settings).where(F.col("slice_date").between(F.lit(start), F.lit(end)))
            record = aside.select(F.from_json("record", optional).alias("row")).select("row.*")
            parts.append(record.select(*[holds(rule).alias(rule.name) for rule in rules]))
    return reduce(DataFrame.unionByName, parts)


def _answer_kept(rule: Rule) -> Column:
    return F.lit(True) if rule.severity == "error" else ~F.array_contains("warnings", rule.name)


def _validate(
    gx: Any, context: Any, table: Table, rules: tuple[Rule, ...], batch: Any, rows: DataFrame
) -> dict[str, int]:
    """Run one suite over one frame; give the rows that break each rule."""
    suite = context.suites.add(gx.ExpectationSuite(name=table.full_name))
    for rule in rules:
        suite.add_expectation(
            gx.expectations.ExpectColumnValuesToBeInSet(
                column=rule.name,
                value_set=[True],
                severity=SEVERITIES[rule.severity],
                meta={"predicate": rule.expect, "table": table.full_name},
                notes=f"`{rule.expect}`",
            )
        )
    definition = context.validation_definitions.add(
        gx.ValidationDefinition(name=table.full_name, data=batch, suite=suite)
    )
    checkpoint = context.checkpoints.add(
        gx.Checkpoint(
            name=table.full_name,
            validation_definitions=[definition],
            result_format={"result_format": "BASIC", "partial_unexpected_count": 0},
        )
    )
    (found,) = checkpoint.run(batch_parameters={"dataframe": rows}).run_results.values()
    return {one.expectation_config.kwargs["column"]: one.result["unexpected_count"] or 0 for one in found.results}


def _site(folder: Path) -> dict[str, object]:
    return {
        "class_name": "SiteBuilder",
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(folder)},
    }
