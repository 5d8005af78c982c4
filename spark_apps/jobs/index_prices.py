"""Make silver.index_prices from bronze.index_price_lines."""

from spark_apps.lake.command import main
from spark_apps.lake.job import Job
from spark_apps.sources.indices.parse import parse_index_prices
from spark_apps.tables.daily import INDEX_PRICES

job = Job(INDEX_PRICES, parse_index_prices)

if __name__ == "__main__":
    main(job)
