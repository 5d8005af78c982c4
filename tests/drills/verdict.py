"""What a drill broke: a lake that was disturbed against the seed, and against a run that nobody disturbed."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pyspark.sql import SparkSession

from spark_apps.tables.features import STANDING
from spark_apps.tables.indicators import CHOSEN
from spark_apps.tables.live import (
    BARS_1M_LIVE,
    CROSS_SECTION_1M_LIVE,
    CROSS_SIGNALS_1M_LIVE,
    DUPLICATES_LIVE,
    INDICATORS_1M_LIVE,
    LATE_LIVE,
    QUOTES_1M_LIVE,
    REFUSED_LIVE,
    SIGNALS_1M_LIVE,
)
from spark_apps.tables.quotes import FIGURES
from spark_apps.tables.signals import SIGNAL
from spark_apps.tables.sources import MESSAGES
from tests.drills.application import ROOT, Application, Silver
from tests.drills.market import DrillMarket, Expected, expected

RESULTS = ROOT / "build" / "drills.jsonl"
Bars = dict[tuple[int, int], tuple[Any, ...]]
PRICES = ("open", "high", "low", "close")


@dataclass(frozen=True)
class Found:
    """Hold what became of a session in a lake, read once."""

    bronze: Counter[tuple[int, bytes]]
    live: dict[str, list[dict[str, Any]]]
    silver: Silver

    @property
    def bars(self) -> Bars:
        """Give the last revision of every bar, without what says when and why it was emitted."""
        names = (*PRICES, "volume", "trade_count", "value")
        return _last_words(self.live[BARS_1M_LIVE.full_name], names)

    @property
    def indicators(self) -> Bars:
        """Give the last revision of every bar's indicators."""
        return _last_words(self.live[INDICATORS_1M_LIVE.full_name], ("opening_hash", "closing_hash", *CHOSEN))

    @property
    def standings(self) -> Bars:
        """Give the last revision of how every bar stands among the others."""
        return _last_words(self.live[CROSS_SECTION_1M_LIVE.full_name], [column.name for column in STANDING])

    @property
    def figures(self) -> Bars:
        """Give the last revision of what quotes say of every bar."""
        return _last_words(self.live[QUOTES_1M_LIVE.full_name], [column.name for column in FIGURES])

    @property
    def signals(self) -> dict[tuple[int, int, str], tuple[Any, ...]]:
        """Give the last revision of what each strategy did at every bar, over bars and over standings."""
        rows = [row for table in (SIGNALS_1M_LIVE, CROSS_SIGNALS_1M_LIVE) for row in self.live[table.full_name]]
        return {
            (row["instrument_id"], row["bar_start"], row["strategy"]): tuple(row[column.name] for column in SIGNAL)
            for row in sorted(rows, key=lambda row: row["revision"])
        }


def _last_words(rows: list[dict[str, Any]], names: Sequence[str]) -> Bars:
    ordered = sorted(rows, key=lambda row: row["revision"])
    return {(row["instrument_id"], row["bar_start"]): tuple(row[name] for name in names) for row in ordered}


def found_in(lake: Application, spark: SparkSession, market: DrillMarket) -> Found:
    """Read bronze and the live tables, and let the batch job make silver."""
    bronze = lake.read(MESSAGES)
    held = Counter(zip(bronze["source_seq"].to_pylist(), bronze["payload"].to_pylist(), strict=True))
    return Found(held, lake.live_rows(), lake.silver(spark, market))


@dataclass(frozen=True)
class Verdict:
    """Count what a drill broke: lost and doubled messages and rows, and wrong ones."""

    drill: str
    seed: int
    lost: int
    doubled: int
    wrong: int
    recovered_s: float
    passed: bool

    def report(self) -> None:
        """Print the line, and keep it."""
        record(vars(self))


def record(verdict: dict[str, Any]) -> None:
    """Print a verdict as one line, and add it to build/drills.jsonl."""
    line = json.dumps(verdict)
    print(line, flush=True)
    RESULTS.parent.mkdir(exist_ok=True)
    with RESULTS.open("a", encoding="utf-8") as results:
        results.write(line + "\n")


def judge(drill: str, now: Found, calm: Found, market: DrillMarket, seconds: float, hit: bool) -> Verdict:
    """Compare what became of a session with the seed and with a calm run.

    A feed that was killed sends some messages twice: each of these is refused, late or duplicate once more.
    """
    truth = expected(market)
    wanted = Counter((one.source_seq, one.payload) for one in market.envelopes())
    quotes = {(one.source_seq, one.payload) for one in market.envelopes() if one.channel == "quote"}
    again = now.bronze - wanted
    extra = sum(times for message, times in again.items() if message not in quotes)
    lost = (wanted - now.bronze).total() + len(truth.bars.keys() - now.bars.keys())
    lost += len(truth.ticks.keys() - {(row["instrument_id"], row["source_seq"]) for row in now.silver.ticks})
    doubled = sum(len(rows) - len({_cause(row) for row in rows}) for rows in now.live.values())
    doubled += len(now.silver.ticks) - len({(row["instrument_id"], row["source_seq"]) for row in now.silver.ticks})
    wrong = _wrong_bars(now.bars, calm.bars, truth) + _wrong_silver(now.silver, calm.silver, truth, extra)
    wrong += sum(now.indicators.get(key) != calm.indicators.get(key) for key in now.indicators | calm.indicators)
    wrong += sum(now.figures.get(key) != calm.figures.get(key) for key in now.figures | calm.figures)
    wrong += sum(now.signals.get(key) != calm.signals.get(key) for key in now.signals | calm.signals)
    wrong += sum(now.standings.get(key) != calm.standings.get(key) for key in now.standings | calm.standings)
    for table, count in (
        (LATE_LIVE, truth.late),
        (REFUSED_LIVE, truth.refused),
        (DUPLICATES_LIVE, truth.duplicate),
    ):
        wrong += not count <= len(now.live[table.full_name]) <= count + extra
    passed = hit and not (lost or doubled or wrong) and (not again or "feed" in drill)
    return Verdict(drill, market.seed, lost, doubled, wrong, round(seconds, 1), passed)


def _cause(row: dict[str, Any]) -> tuple[int, ...]:
    return tuple(row[name] for name in BARS_1M_LIVE.key)


def _wrong_bars(bars: Bars, calm: Bars, truth: Expected) -> int:
    """Count bars that differ from the calm run, and those that differ from the seed; a lost one is counted as lost."""
    wrong = sum(bars.get(key) != bar for key, bar in calm.items()) + len(bars.keys() - calm.keys())
    for key, (opened, high, low, close, volume, count, _) in bars.items():
        prices = tuple(int(price * 10_000) for price in (opened, high, low, close))
        wanted = truth.bars.get(key)
        wrong += count != 0 if wanted is None else (*prices, volume, count) != wanted
    return wrong


def _wrong_silver(now: Silver, calm: Silver, truth: Expected, extra: int) -> int:
    """Count ticks that differ from the calm run or from the seed, and outcomes in the wrong number."""
    names = ("corrects_seq", "event_time", "price", "quantity")
    wrong = sum(a != b for a, b in zip(now.ticks, calm.ticks, strict=False)) + abs(len(now.ticks) - len(calm.ticks))
    for row in now.ticks:
        corrects, event_time, price, quantity = (row[name] for name in names)
        key = (row["instrument_id"], row["source_seq"])
        wrong += truth.ticks.get(key) != (corrects, event_time, int(price * 10_000), quantity)
    sent_again = (now.quarantine - calm.quarantine).total()
    wrong += (calm.quarantine - now.quarantine).total() + (calm.quarantine.total() != truth.unreadable)
    wrong += now.duplicates + sent_again != truth.duplicate + extra
    return wrong + (calm.duplicates != truth.duplicate)
