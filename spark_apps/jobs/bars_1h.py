"""Make gold.bars_1h from gold.bars_1m."""

from spark_apps.lake.command import main
from spark_apps.lake.job import Job
from spark_apps.market.bars import widen_bars
from spark_apps.tables.market import BARS_1H

job = Job(BARS_1H, widen_bars, params={"minutes": 60})

if __name__ == "__main__":
    main(job)
