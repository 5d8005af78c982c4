"""Make gold.bars_by_activity from silver.trades, file to file."""

from spark_apps.lake.command import main
from spark_apps.lake.job import Job
from spark_apps.market.activity import build_bars_by_activity
from spark_apps.tables.activity import BARS_BY_ACTIVITY

job = Job(
    BARS_BY_ACTIVITY,
    build_bars_by_activity,
    by="files",
    reads=("source", "instrument_id", "source_seq", "event_time", "price", "quantity", "side", "known_at"),
    from_settings=("bar_sizes",),
    needs_kernels=True,
)

if __name__ == "__main__":
    main(job)
