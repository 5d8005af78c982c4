"""How the system itself is doing."""

from spark_apps.tables.model import Column, Table

RUNS = Table(
    layer="ops",
    name="runs",
    grain="one row per run of a job (per start for streams)",
    columns=(
        Column("run_id", "STRING", "Identity of the run."),
        Column("job", "STRING", "Full name of the first table that the job writes, or the stream's name."),
        Column("slice_start", "DATE", "First day of the slice.", nullable=True),
        Column("slice_end", "DATE", "Last day of the slice, inclusive.", nullable=True),
        Column("run_date", "DATE", "UTC date on which the run began."),
        Column("started_at", "BIGINT", "When the run began, nanoseconds UTC."),
        Column("finished_at", "BIGINT", "When the run ended, nanoseconds UTC."),
        Column(
            "status",
            "STRING",
            "done, unchanged when the same inputs had been committed before, failed when an error ended it, or started "
            "for streams.",
        ),
        Column("code_commit", "STRING", "Git commit of the code, +changes when the tree was dirty."),
        Column("settings_hash", "STRING", "Hash of the settings that were in force, secrets left out."),
        Column(
            "inputs", "STRING", "Tables read with their versions, a fold's own included, or offset ranges, as JSON."
        ),
        Column("rows_in", "BIGINT", "Rows that the slice's input held."),
        Column("rows_out", "BIGINT", "Rows written to the first table."),
        Column("rows_quarantined", "BIGINT", "Rows set aside for breaking an error rule."),
        Column("rows_late", "BIGINT", "Rows set aside for coming too late."),
        Column("rows_duplicate", "BIGINT", "Rows set aside because their key was there already."),
        Column("warnings", "STRING", "Rows per warn rule, as JSON."),
    ),
    key=("run_id",),
    owner="operations",
    time="run_date",
    upkeep="append",
)

TABLES = (RUNS,)
