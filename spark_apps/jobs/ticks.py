"""Make silver.ticks from bronze.messages."""

from spark_apps.lake.command import main
from spark_apps.lake.job import Job
from spark_apps.sources.messages import parse_trades
from spark_apps.tables.market import TICKS

job = Job(TICKS, parse_trades)

if __name__ == "__main__":
    main(job)
