"""Make gold.indicators_1d and its states from silver.daily_prices."""

from spark_apps.indicators.fold import DAILY_INPUT, fold_daily
from spark_apps.lake.command import main
from spark_apps.lake.job import Job
from spark_apps.tables.indicators import INDICATORS_1D

job = Job(INDICATORS_1D, fold_daily, by="fold", reads=DAILY_INPUT, needs_kernels=True)

if __name__ == "__main__":
    main(job)
