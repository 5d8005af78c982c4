"""Make gold.signals_1m from gold.indicators_1m, gold.bars_1m and gold.quotes_1m."""

from spark_apps.lake.command import main
from spark_apps.lake.job import Job
from spark_apps.signals.strategies import judge_minutes
from spark_apps.tables.signals import SIGNALS_1M

job = Job(SIGNALS_1M, judge_minutes, from_settings=("strategies",), needs_kernels=True)

if __name__ == "__main__":
    main(job)
