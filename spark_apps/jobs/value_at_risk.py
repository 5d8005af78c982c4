"""Make gold.value_at_risk from gold.returns_1d."""

from spark_apps.lake.command import main
from spark_apps.lake.job import Job
from spark_apps.risk.value_at_risk import build_value_at_risk
from spark_apps.tables.decisions import VALUE_AT_RISK

job = Job(VALUE_AT_RISK, build_value_at_risk, from_settings=("portfolios",))

if __name__ == "__main__":
    main(job)
