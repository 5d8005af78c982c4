"""Make silver.proprietary_flows from bronze.proprietary_flow_lines."""

from spark_apps.lake.command import main
from spark_apps.lake.job import Job
from spark_apps.sources.cafef.parse import parse_proprietary_flows
from spark_apps.tables.daily import PROPRIETARY_FLOWS

job = Job(PROPRIETARY_FLOWS, parse_proprietary_flows)

if __name__ == "__main__":
    main(job)
