# Databricks notebook source
# MAGIC %md
# MAGIC # What did the market do today?
# MAGIC
# MAGIC Read through the views of `sql/views`: they stay when tables change. `spark`, `display` and `dbutils` are there
# MAGIC on Databricks; elsewhere `make notebooks` brings them.

# COMMAND ----------

from datetime import date

from pyspark.sql import functions as F

from spark_apps.lake.catalogue import offending_rows, open_catalogue
from spark_apps.settings import load

open_catalogue(spark, load())
dbutils.widgets.text("session_date", "", "Session; empty takes the newest")
session_date = date.fromisoformat(
    dbutils.widgets.get("session_date") or str(spark.table("session_summary").agg(F.max("session_date")).first()[0])
)
day = F.col("session_date") == F.lit(session_date)

# COMMAND ----------

# MAGIC %md
# MAGIC ## Who rose, who fell, and how much changed hands?

# COMMAND ----------

display(spark.table("session_summary").where(day))

# COMMAND ----------

# MAGIC %md
# MAGIC ## Where did the money go?

# COMMAND ----------

traded = (
    spark.table("gold.bars_1d")
    .where(day)
    .join(spark.table("instruments"), on="instrument_id", how="left")
    .orderBy(F.desc("value"), "symbol")
    .select("symbol", "name", "open", "high", "low", "close", "volume", "value")
)
display(traded.limit(10))

# COMMAND ----------

# MAGIC %md
# MAGIC ## When did it trade?

# COMMAND ----------

from matplotlib.figure import Figure

minutes = (
    spark.table("gold.bars_1m")
    .where(day)
    .groupBy(F.expr("exchange_time(bar_start)").alias("bar_time"))
    .agg((F.sum("value").cast("DOUBLE") / 1e9).alias("billions"))
    .orderBy("bar_time")
    .toPandas()
)
figure = Figure(figsize=(9, 3), layout="constrained")
axes = figure.subplots()
axes.fill_between(minutes["bar_time"], minutes["billions"], step="post")
axes.set(title=f"Value per minute, {session_date}", ylabel="billions")
display(figure)

# COMMAND ----------

# MAGIC %md
# MAGIC ## What is strong, and what could a portfolio lose?

# COMMAND ----------

display(spark.table("top_momentum").orderBy("momentum_rank").limit(10))
display(spark.table("portfolio_risk"))

# COMMAND ----------

# MAGIC %md
# MAGIC ## Can these numbers be believed?
# MAGIC
# MAGIC What the rules set aside, where live and batch differ, and what the checks found: no row is the good answer.

# COMMAND ----------

display(spark.table("quarantine_by_rule").where(F.col("slice_date") == F.lit(session_date)))
display(spark.table("live_against_batch").where(day))
print(offending_rows(spark))
