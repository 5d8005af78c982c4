"""Make bronze.foreign_flow_lines from the foreign flow files of the landing folder."""

from spark_apps.lake.command import main
from spark_apps.lake.job import Job
from spark_apps.sources.files import load_files
from spark_apps.tables.sources import FOREIGN_FLOW_LINES

job = Job(FOREIGN_FLOW_LINES, load_files, params={"table": FOREIGN_FLOW_LINES.made_from[0]})

if __name__ == "__main__":
    main(job)
