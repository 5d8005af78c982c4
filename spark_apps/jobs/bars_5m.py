"""Make gold.bars_5m from gold.bars_1m."""

from spark_apps.lake.command import main
from spark_apps.lake.job import Job
from spark_apps.market.bars import widen_bars
from spark_apps.tables.market import BARS_5M

job = Job(BARS_5M, widen_bars, params={"minutes": 5})

if __name__ == "__main__":
    main(job)
