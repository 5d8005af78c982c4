"""Make gold.cross_section_1m from gold.bars_1m."""

from spark_apps.features.cross_section import rank_bars
from spark_apps.lake.command import main
from spark_apps.lake.job import Job
from spark_apps.tables.features import CROSS_SECTION_1M

job = Job(CROSS_SECTION_1M, rank_bars, by="files", needs_kernels=True)

if __name__ == "__main__":
    main(job)
