"""Make bronze.daily_price_lines from the price files of the landing folder."""

from spark_apps.lake.command import main
from spark_apps.lake.job import Job
from spark_apps.sources.files import load_files
from spark_apps.tables.sources import DAILY_PRICE_LINES

job = Job(DAILY_PRICE_LINES, load_files, params={"table": DAILY_PRICE_LINES.made_from[0]})

if __name__ == "__main__":
    main(job)
