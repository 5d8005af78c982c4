"""Make gold.indicators_1m and its states from gold.bars_1m."""

from spark_apps.indicators.fold import MINUTE_INPUT, fold_minutes
from spark_apps.lake.command import main
from spark_apps.lake.job import Job
from spark_apps.tables.indicators import INDICATORS_1M

job = Job(INDICATORS_1M, fold_minutes, by="fold", reads=MINUTE_INPUT, needs_kernels=True)

if __name__ == "__main__":
    main(job)
