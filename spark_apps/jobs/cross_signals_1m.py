"""Make gold.cross_signals_1m from gold.cross_section_1m."""

from spark_apps.lake.command import main
from spark_apps.lake.job import Job
from spark_apps.signals.strategies import judge_standings
from spark_apps.tables.signals import CROSS_SIGNALS_1M

job = Job(CROSS_SIGNALS_1M, judge_standings, from_settings=("cross_strategies",), needs_kernels=True)

if __name__ == "__main__":
    main(job)
