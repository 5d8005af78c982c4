"""How the system itself is doing."""

from spark_apps.tables.model import RUN_ID, Column, Table

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

STREAM_PROGRESS = Table(
    layer="ops",
    name="stream_progress",
    grain="one row per live query and second in which one of its micro-batches ended",
    columns=(
        RUN_ID,
        Column("query", "STRING", "Live query: bronze, fold, standing or gold."),
        Column("batch_id", "BIGINT", "Number of the micro-batch by Spark's count, the last one of the row."),
        Column("batch_date", "DATE", "UTC date on which the micro-batch began."),
        Column("batches", "INT", "How many micro-batches the row sums up."),
        Column("started_at", "BIGINT", "When the first of the micro-batches began, nanoseconds UTC."),
        Column("input_rows", "BIGINT", "Records that the micro-batches took in."),
        Column(
            "input_rows_per_second",
            "DOUBLE",
            "input_rows by the time since the micro-batch before them began; empty at a start.",
            nullable=True,
        ),
        Column("processed_rows_per_second", "DOUBLE", "input_rows by trigger_ms."),
        Column("records_behind", "BIGINT", "Records that the topics held beyond the last micro-batch when it began."),
        Column("latest_offset_ms", "BIGINT", "Asking for the ends of the topics, milliseconds."),
        Column("get_batch_ms", "BIGINT", "Naming the records of the micro-batch, milliseconds."),
        Column("query_planning_ms", "BIGINT", "Planning, milliseconds."),
        Column("wal_commit_ms", "BIGINT", "Writing the offsets into the checkpoint before the work, milliseconds."),
        Column("add_batch_ms", "BIGINT", "The work: reading, folding, writing, milliseconds."),
        Column("commit_offsets_ms", "BIGINT", "Writing into the checkpoint that the work is done, milliseconds."),
        Column("trigger_ms", "BIGINT", "The micro-batches as a whole, milliseconds."),
        Column("state_memory_bytes", "BIGINT", "Memory that the state store holds after the last micro-batch."),
        Column("state_written_bytes", "BIGINT", "Bytes of state that the micro-batches wrote."),
        Column("state_copied_bytes", "BIGINT", "Bytes of state files copied into the checkpoint."),
    ),
    key=("run_id", "query", "batch_id"),
    owner="operations",
    time="batch_date",
    partition_by=("batch_date",),
    upkeep="append",
)

TABLES = (RUNS, STREAM_PROGRESS)
