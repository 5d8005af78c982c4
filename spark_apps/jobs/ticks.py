"""Make silver.ticks from bronze.messages."""

from spark_apps.lake.command import main
from spark_apps.lake.job import Job
from spark_apps.sources.ticks import parse_messages
from spark_apps.tables.market import TICKS

job = Job(TICKS, parse_messages)

if __name__ == "__main__":
    main(job)
