"""Use what every application uses, so that the process that runs this loads its classes: class_data.py <folder>."""

import sys
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F

folder = Path(sys.argv[1])
spark = SparkSession.builder.appName("class data").getOrCreate()


def unchanged(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
    """Give each batch back."""
    return batches


def counted(batch: DataFrame, _number: int) -> None:
    """Read a batch of a stream."""
    batch.count()


rows = spark.range(1_000).select(
    F.col("id"), (F.col("id") % 7).alias("part"), F.date_add(F.lit("2026-01-05"), F.expr("int(id % 3)")).alias("day")
)
written = rows.mapInArrow(unchanged, rows.schema).write.format("delta").mode("overwrite")
written.option("replaceWhere", "day >= DATE'2026-01-05'").partitionBy("day").save(str(folder / "table"))
table = spark.read.format("delta").load(str(folder / "table")).persist()
numbered = table.withColumn("place", F.row_number().over(Window.partitionBy("part").orderBy("id")))
numbered.join(table.groupBy("part").count(), on="part", how="left").orderBy("id").toArrow()
stream = spark.readStream.format("delta").load(str(folder / "table")).writeStream.foreachBatch(counted)
stream.option("checkpointLocation", str(folder / "checkpoint")).trigger(availableNow=True).start().awaitTermination()
spark.read.format("delta").option("versionAsOf", "0").load(str(folder / "table")).createOrReplaceTempView("named")
spark.sql("SELECT max(id) FROM named WHERE to_json(struct(day)) <> '' GROUP BY ROLLUP (part)").collect()
