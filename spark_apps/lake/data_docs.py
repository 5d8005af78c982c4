"""Great Expectations over the nightly batch: one boolean column per declared rule, one expectation per column.

The column is made by `lake.quality.holds` from the rule's own predicate text, so the pages and the quarantine
cannot disagree. Rows that were set aside come back from their JSON record.
"""

import os
import warnings
from collections.abc import Iterable
from datetime import date
from functools import reduce
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_apps.lake.location import report_folder
from spark_apps.lake.quality import holds
from spark_apps.lake.reading import latest
from spark_apps.settings import Settings
from spark_apps.tables import set_aside_tables
from spark_apps.tables.model import Rule, Table

SEVERITIES = {"error": "critical", "warn": "warning"}


def build_data_docs(
    spark: SparkSession, settings: Settings, tables: Iterable[Table], start: date, end: date
) -> dict[str, dict[str, int]]:
    """Validate the slices of tables and write static pages; give per table the rows that break each rule.

    Pages lie in <reports>/data_docs/index.html. Tables without rules of severity error or warn are passed over.
    """
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with warnings.catch_warnings():
        # Great Expectations imports modules that Python deprecates; nobody here can mend that.
        warnings.simplefilter("ignore")
        return _build(spark, settings, tables, start, end)


def _build(
    spark: SparkSession, settings: Settings, tables: Iterable[Table], start: date, end: date
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
    for table in tables:
        if rules := table.rules_of("error", "warn"):
            rows = verdicts(batch_rows(spark, settings, table, start, end), rules).cache()
            batch = source.add_dataframe_asset(table.full_name).add_batch_definition_whole_dataframe(
                f"{start} to {end}"
            )
            broken[table.full_name] = _validate(gx, context, table, rules, batch, rows)
            rows.unpersist()
    context.build_data_docs()
    return broken


def batch_rows(spark: SparkSession, settings: Settings, table: Table, start: date, end: date) -> DataFrame:
    """Put accepted and quarantined rows of a slice together. Grain: one row per judged row that was no repeat."""
    parts = [latest(spark, table, settings).where(F.col(table.time).between(F.lit(start), F.lit(end)))]
    for kept in set_aside_tables(table):
        if kept.layer == "quarantine":
            optional = ", ".join(column.optional().ddl for column in (*table.columns, *table.evidence))
            aside = latest(spark, kept, settings).where(F.col("slice_date").between(F.lit(start), F.lit(end)))
            parts.append(aside.select(F.from_json("record", optional).alias("row")).select("row.*"))
    missing = [column for column in table.evidence if column.name not in parts[0].columns]
    parts[0] = parts[0].withColumns({column.name: F.lit(None).cast(column.type) for column in missing})
    return reduce(lambda left, right: left.unionByName(right, allowMissingColumns=True), parts)


def verdicts(rows: DataFrame, rules: Iterable[Rule]) -> DataFrame:
    """Answer each rule for each row. Grain: one row per row, one boolean column per rule."""
    return rows.select(*[holds(rule).alias(rule.name) for rule in rules])


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
