"""Make bronze.proprietary_flow_lines from the proprietary flow files of the landing folder."""

from spark_apps.lake.command import main
from spark_apps.lake.job import Job
from spark_apps.sources.files import load_files
from spark_apps.tables.sources import PROPRIETARY_FLOW_LINES

job = Job(PROPRIETARY_FLOW_LINES, load_files, params={"table": PROPRIETARY_FLOW_LINES.made_from[0]})

if __name__ == "__main__":
    main(job)
