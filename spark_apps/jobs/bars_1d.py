"""Make gold.bars_1d from gold.bars_1m."""

from spark_apps.lake.command import main
from spark_apps.lake.job import Job
from spark_apps.market.bars import build_session_bars
from spark_apps.tables.market import BARS_1D

job = Job(BARS_1D, build_session_bars)

if __name__ == "__main__":
    main(job)
