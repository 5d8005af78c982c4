"""Make gold.bars_1s from silver.trades, file to file."""

from spark_apps.lake.command import main
from spark_apps.lake.job import Job
from spark_apps.market.bars import READS, build_bars
from spark_apps.tables.market import BARS_1S

job = Job(
    BARS_1S,
    build_bars,
    by="files",
    reads=READS,
    params={"seconds": 1},
    needs_kernels=True,
)

if __name__ == "__main__":
    main(job)
