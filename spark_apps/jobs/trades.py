"""Make silver.trades from silver.ticks."""

from spark_apps.lake.command import main
from spark_apps.lake.job import Job
from spark_apps.market.trades import apply_corrections
from spark_apps.tables.market import TRADES

job = Job(TRADES, apply_corrections)

if __name__ == "__main__":
    main(job)
