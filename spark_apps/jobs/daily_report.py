"""Make gold.daily_report from returns, momentum and value at risk."""

from spark_apps.lake.command import main
from spark_apps.lake.job import Job
from spark_apps.reports.daily import build_daily_report
from spark_apps.tables.decisions import DAILY_REPORT

job = Job(DAILY_REPORT, build_daily_report)

if __name__ == "__main__":
    main(job)
