"""The peers of indicators_to_table.py: what each does with gold.bars_1m, in a process of its own."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
import talib
from pyspark.sql import functions as F

from bench.peer import Factory
from bench.work import Work, by_run
from spark_apps.lake.location import location
from spark_apps.settings import load
from spark_apps.tables.indicators import CHOSEN
from spark_apps.tables.market import BARS_1M


def by_ta_lib(bars: pd.DataFrame) -> pd.DataFrame:
    """Compute the chosen indicators of one instrument, as a quant would in applyInPandas."""
    bars = bars.sort_values("bar_start")
    high, low, close, volume = (bars[name].to_numpy(np.float64) for name in ("high", "low", "close", "volume"))
    macd, signal, _ = talib.MACD(close, 12, 26, 9)
    upper, _, lower = talib.BBANDS(close, 20, 2, 2)
    stochastic, _ = talib.STOCHF(high, low, close, 14, 3)
    made = {
        "sma_20": talib.SMA(close, 20),
        "ema_20": talib.EMA(close, 20),
        "rsi_14": talib.RSI(close, 14),
        "macd_12_26": macd,
        "macd_signal_9": signal,
        "bollinger_upper_20": upper,
        "bollinger_lower_20": lower,
        "atr_14": talib.ATR(high, low, close, 14),
        "obv": talib.OBV(close, volume),
        "roc_10": talib.ROC(close, 10),
        "stochastic_k_14": stochastic,
        "mfi_14": talib.MFI(high, low, close, volume, 14),
        "donchian_upper_20": talib.MAX(high, 20),
        "donchian_middle_20": talib.MIDPRICE(high, low, 20),
        "volume_ratio_20": volume / talib.SMA(volume, 20),
    }
    keys = {name: bars[name] for name in ("instrument_id", "session_date", "bar_start")}
    return pd.DataFrame({**keys, **{name: made[name] for name in CHOSEN}})


def apply_in_pandas() -> Callable[[Work], object]:
    """Start the same session; give the path of a Spark user with TA-Lib."""
    from spark_apps.lake.session import session

    spark = session(load(), "bench")
    shape = "instrument_id INT, session_date DATE, bar_start BIGINT, " + ", ".join(f"{name} DOUBLE" for name in CHOSEN)

    def make(work: Work) -> None:
        bars = spark.read.format("delta").load(str(location(BARS_1M, work.settings)))
        days = bars.where(F.col("session_date").between(F.lit(work.first), F.lit(work.last)))
        taken = days.select(
            "instrument_id",
            "session_date",
            "bar_start",
            *[F.col(name).cast("DOUBLE").alias(name) for name in ("high", "low", "close", "volume")],
        )
        made = taken.groupBy("instrument_id").applyInPandas(by_ta_lib, shape)
        made.write.format("delta").partitionBy("session_date").mode("overwrite").save(work.place)

    return make


PEERS: dict[str, Factory] = {"tayho": partial(by_run, "indicators_1m"), "applyInPandas and TA-Lib": apply_in_pandas}
