"""Make silver.daily_prices from bronze.daily_price_lines."""

from spark_apps.lake.command import main
from spark_apps.lake.job import Job
from spark_apps.sources.cafef.parse import parse_daily_prices
from spark_apps.tables.daily import DAILY_PRICES

job = Job(DAILY_PRICES, parse_daily_prices)

if __name__ == "__main__":
    main(job)
