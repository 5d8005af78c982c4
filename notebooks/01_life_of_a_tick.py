# Databricks notebook source
# MAGIC %md
# MAGIC # What happens to one trade between the exchange and the report?
# MAGIC
# MAGIC The largest trade of a session, followed through every table that it touches. `spark`, `display` and `dbutils`
# MAGIC are there on Databricks; elsewhere `make notebooks` brings them.

# COMMAND ----------

from datetime import date

from pyspark.sql import functions as F

from spark_apps.errors import SchemaMismatch
from spark_apps.kernels.layouts import Kind
from spark_apps.kernels.records import decode
from spark_apps.lake.catalogue import open_catalogue
from spark_apps.settings import load
from spark_apps.sources.messages import parse_trades

open_catalogue(spark, load())
dbutils.widgets.text("session_date", "", "Session; empty takes the newest")
session_date = date.fromisoformat(
    dbutils.widgets.get("session_date") or str(spark.table("silver.trades").agg(F.max("session_date")).first()[0])
)
day = F.col("session_date") == F.lit(session_date)

# COMMAND ----------

# MAGIC %md
# MAGIC ## Which trade?
# MAGIC
# MAGIC The one with the highest value. From here on it has a name: source, instrument, session, source_seq.

# COMMAND ----------

trade = (
    spark.table("silver.trades")
    .where(day & (F.col("quantity") > 0))
    .join(spark.table("instruments"), on="instrument_id", how="left")
    .orderBy(F.desc(F.col("price") * F.col("quantity")), "source_seq")
    .limit(1)
    .collect()[0]
)
print(f"{trade.symbol}, {trade['name']}: {trade.quantity:,} at {trade.price:,}")
print(f"number {trade.source_seq} of {trade.source}")

# COMMAND ----------

# MAGIC %md
# MAGIC ## What did the exchange send?
# MAGIC
# MAGIC `bronze.messages` keeps the payload byte for byte. If everything else burns, this rebuilds it. A vendor counts
# MAGIC for each instrument by itself, so many messages bear the number: the parser says which one is ours.

# COMMAND ----------

numbered = (
    spark.table("bronze.messages")
    .where(
        (F.col("source") == trade.source) & (F.col("source_seq") == trade.source_seq) & (F.col("channel") != "quote")
    )
    .where(F.expr("CAST(exchange_time(event_time) AS DATE)") == F.lit(session_date))
)
message = (
    parse_trades(numbered)
    .where(F.col("instrument_id") == trade.instrument_id)
    .select("topic", "topic_offset", F.col("payload").cast("STRING").alias("payload"))
)
display(message)

# COMMAND ----------

# MAGIC %md
# MAGIC ## What did the fold read?
# MAGIC
# MAGIC The feed parses the payload and publishes 56 bytes of it to `fold_input`, many trades in one record; clock
# MAGIC records stand between them. A lake without a live path has none.

# COMMAND ----------

for row in spark.table("bronze.fold_input").where(F.col("ingest_date") == F.lit(session_date)).toLocalIterator():
    try:
        kind, entries = decode(bytes(row.record))
    except SchemaMismatch:
        continue  # the fold refused it: quarantine.ticks_live
    if kind not in (Kind.TRADE, Kind.CORRECTION):
        continue
    of_trade = (entries["source_seq"] == trade.source_seq) & (entries["instrument_id"] == trade.instrument_id)
    for entry in entries[of_trade]:
        print(f"{kind.name} at offset {row.topic_offset}:", dict(zip(entry.dtype.names, entry.tolist(), strict=True)))

# COMMAND ----------

# MAGIC %md
# MAGIC ## What did our rules say?
# MAGIC
# MAGIC `silver.ticks` holds what they accepted, with the names of the rules of severity warn that the row breaks.

# COMMAND ----------

same_trade = (F.col("instrument_id") == trade.instrument_id) & (F.col("source_seq") == trade.source_seq)
display(
    spark.table("silver.ticks")
    .where(day & same_trade)
    .select("price", "quantity", "side", "tick_size", "lot_size", "warnings")
)

# COMMAND ----------

# MAGIC %md
# MAGIC ## Which bar did it land in?
# MAGIC
# MAGIC Once by the live fold, once by the nightly batch. The two must agree; `live_against_batch` says where they do
# MAGIC not.

# COMMAND ----------

minute = trade.event_time - trade.event_time % 60_000_000_000
same_bar = (F.col("instrument_id") == trade.instrument_id) & (F.col("bar_start") == minute)
shown = ("open", "high", "low", "close", "volume", "trade_count")
display(spark.table("live_bars").where(same_bar).select("symbol", "bar_time", *shown, "revision"))
display(spark.table("gold.bars_1m").where(same_bar).select(*shown))

# COMMAND ----------

# MAGIC %md
# MAGIC ## What did the indicators make of it?
# MAGIC
# MAGIC The fold opened from the state before this bar and closed in a new one: `opening_hash`, `closing_hash`.

# COMMAND ----------

display(spark.table("gold.indicators_1m").where(same_bar).drop("instrument_id", "session_date", "bar_start", "run_id"))

# COMMAND ----------

# MAGIC %md
# MAGIC ## Where does a reader meet it?
# MAGIC
# MAGIC In the session's summary, on the page that `spark_apps/jobs/report.py` writes, and by its receipt: the run that
# MAGIC wrote the bar, the code it ran, and the versions that it read.

# COMMAND ----------

display(spark.table("session_summary").where(day))
runs = spark.table("gold.bars_1m").where(same_bar).select("run_id")
display(
    spark.table("run_history")
    .join(runs, on="run_id", how="left_semi")
    .select("job", "started", "code_commit", "inputs")
)
