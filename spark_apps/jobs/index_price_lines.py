"""Make bronze.index_price_lines from the index files of the landing folder."""

from spark_apps.lake.command import main
from spark_apps.lake.job import Job
from spark_apps.sources.files import load_files
from spark_apps.tables.sources import INDEX_PRICE_LINES

job = Job(INDEX_PRICE_LINES, load_files, params={"table": INDEX_PRICE_LINES.made_from[0]})

if __name__ == "__main__":
    main(job)
