"""Make silver.quotes from bronze.messages."""

from spark_apps.lake.command import main
from spark_apps.lake.job import Job
from spark_apps.sources.messages import parse_quotes
from spark_apps.tables.quotes import QUOTES

job = Job(QUOTES, parse_quotes)

if __name__ == "__main__":
    main(job)
