"""Make silver.foreign_flows from bronze.foreign_flow_lines."""

from spark_apps.lake.command import main
from spark_apps.lake.job import Job
from spark_apps.sources.cafef.parse import parse_foreign_flows
from spark_apps.tables.daily import FOREIGN_FLOWS

job = Job(FOREIGN_FLOWS, parse_foreign_flows)

if __name__ == "__main__":
    main(job)
