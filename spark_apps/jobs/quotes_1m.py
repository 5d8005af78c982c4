"""Make gold.quotes_1m from silver.trades and silver.quotes."""

from spark_apps.features.quotes import quote_minutes
from spark_apps.lake.command import main
from spark_apps.lake.job import Job
from spark_apps.tables.quotes import QUOTES_1M

job = Job(QUOTES_1M, quote_minutes, needs_kernels=True)

if __name__ == "__main__":
    main(job)
