"""Make gold.momentum_1d from gold.returns_1d."""

from spark_apps.lake.command import main
from spark_apps.lake.job import Job
from spark_apps.signals.momentum import rank_momentum
from spark_apps.tables.decisions import MOMENTUM_1D

job = Job(MOMENTUM_1D, rank_momentum)

if __name__ == "__main__":
    main(job)
