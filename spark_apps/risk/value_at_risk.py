"""Historical value at risk and expected shortfall of named portfolios."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Protocol

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from spark_apps.errors import BadSetting
from spark_apps.rules.instruments import all_instruments

SCENARIOS = 500
FEWEST_SCENARIOS = 250
HOLDING = ("portfolio", "value_vnd", "weight")


class Portfolio(Protocol):
    """Describe what a portfolio must say of itself."""

    @property
    def name(self) -> str:
        """Give its name."""

    @property
    def value_vnd(self) -> int:
        """Give its value, VND."""

    @property
    def weights(self) -> Mapping[str, Decimal]:
        """Give the weight of each symbol."""


def build_value_at_risk(returns: DataFrame, portfolios: Sequence[Portfolio]) -> DataFrame:
    """Revalue each portfolio under the returns of its last 500 sessions.

    Grain: one row per portfolio per session with 250 or more scenarios. Weights are fixed; a session's return
    is the weighted mean over the instruments that have one. Value at risk: the smallest loss x such that at
    least 99 % of the scenarios lose x or less (the inverted distribution function, without interpolation).
    Expected shortfall: the mean of the worst 2.5 % of the scenarios, their number rounded up (Acerbi and
    Tasche, 2002). Every sum runs in a fixed order, so any partitioning gives the same bits. No portfolios, no rows;
    raises BadSetting where one holds a symbol that nobody can hold.
    """
    scenarios = portfolio_returns(returns, portfolios)
    past = Window.partitionBy("portfolio").orderBy(F.unix_date("session_date")).rangeBetween(-800, 0)
    in_time = F.array_sort(F.collect_list(F.struct("session_date", "loss")).over(past))
    newest = F.slice(in_time, F.greatest(F.size(in_time) - SCENARIOS, F.lit(0)) + 1, SCENARIOS)
    return (
        scenarios.withColumn("loss", -F.col("portfolio_return"))
        .withColumn("losses", F.array_sort(F.transform(newest, lambda scenario: scenario["loss"])))
        .withColumn("scenarios", F.size("losses"))
        .where(F.col("scenarios") >= FEWEST_SCENARIOS)
        .withColumn("value_at_risk_99", F.element_at("losses", F.ceil(F.col("scenarios") * 99 / 100).cast("INT")))
        .withColumn("expected_shortfall_975", _mean_of_worst("losses", F.ceil(F.col("scenarios") / 40).cast("INT")))
        .select(
            "portfolio",
            "session_date",
            "scenarios",
            "value_at_risk_99",
            "expected_shortfall_975",
            _in_vnd("value_at_risk_99").alias("value_at_risk_99_vnd"),
            _in_vnd("expected_shortfall_975").alias("expected_shortfall_975_vnd"),
            "available_at",
        )
    )


def portfolio_returns(returns: DataFrame, portfolios: Sequence[Portfolio]) -> DataFrame:
    """Give each portfolio's return per session. Grain: one row per portfolio per session with a return."""
    parts = F.array_sort(F.collect_list(F.struct("instrument_id", "weight", "daily_return")))
    weighted = _ordered_sum("parts", lambda part: part["weight"] * part["daily_return"])
    return (
        returns.where(F.col("daily_return").isNotNull())
        .select("instrument_id", "session_date", "daily_return", "available_at", F.inline(_holdings(portfolios)))
        .groupBy("portfolio", "value_vnd", "session_date")
        .agg(parts.alias("parts"), F.max("available_at").alias("available_at"))
        .withColumn("portfolio_return", weighted / _ordered_sum("parts", lambda part: part["weight"]))
    )


def _holdings(portfolios: Sequence[Portfolio]) -> Column:
    """Give the portfolios that hold the row's instrument: an array of name, value and weight, or null."""
    ids = {one.symbol: one.instrument_id for one in all_instruments() if one.kind != "index"}
    held: dict[int, list[Column]] = {}
    for portfolio in portfolios:
        for symbol, weight in portfolio.weights.items():
            if symbol not in ids:
                raise BadSetting(
                    f"portfolio {portfolio.name} holds {symbol}, which is no instrument that can be held: "
                    f"mend conf/portfolios.toml, or add it to rules/data/instruments.csv"
                )
            fields = (F.lit(portfolio.name), F.lit(portfolio.value_vnd).cast("BIGINT"), F.lit(float(weight)))
            named = [field.alias(name) for field, name in zip(fields, HOLDING, strict=True)]
            held.setdefault(ids[symbol], []).append(F.struct(*named))
    if not held:
        return F.lit(None).cast("ARRAY<STRUCT<portfolio: STRING, value_vnd: BIGINT, weight: DOUBLE>>")
    pairs = [part for instrument, holdings in held.items() for part in (F.lit(instrument), F.array(*holdings))]
    return F.try_element_at(F.create_map(*pairs), F.col("instrument_id"))


def _ordered_sum(array: str | Column, value: object) -> Column:
    """Sum over an array from its first element to its last."""
    return F.aggregate(array, F.lit(0.0), lambda total, part: total + value(part))  # type: ignore[operator]  # a lambda


def _mean_of_worst(losses: str, count: Column) -> Column:
    """Take the mean of the highest losses of an ascending array."""
    worst = F.slice(F.reverse(losses), F.lit(1), count)
    return _ordered_sum(worst, lambda loss: loss) / count


def _in_vnd(share: str) -> Column:
    """Turn a share of the portfolio's value into whole VND, half up.

    The share is a double, a statistic; money is none. So the share becomes the decimal that it prints as, and both
    types are the widest whose product Spark holds without rounding, DECIMAL(38,17): VND are rounded once, at the end.
    """
    exact = F.col("value_vnd").cast("DECIMAL(18,0)") * F.col(share).cast("DECIMAL(19,17)")
    return F.round(exact, 0).cast("DECIMAL(18,0)")
