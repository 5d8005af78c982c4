"""Make gold.returns_1d from silver.daily_prices."""

from spark_apps.lake.command import main
from spark_apps.lake.job import Job
from spark_apps.market.returns import build_returns
from spark_apps.tables.daily import RETURNS_1D

job = Job(RETURNS_1D, build_returns)

if __name__ == "__main__":
    main(job)
