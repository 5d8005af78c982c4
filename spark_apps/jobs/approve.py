"""Let a live signal out, or hold it back, where its book asks for a person: for `tayho approve`."""

import time
from datetime import date
from typing import Any

import pyarrow.compute as pc
import pyarrow.dataset as ds

from spark_apps.errors import BadQuery
from spark_apps.jobs.explain import SIGNALS_OF, Asked, revisions_of
from spark_apps.lake.decisions import record_decision
from spark_apps.lake.lease import alone
from spark_apps.lake.reading import scanned
from spark_apps.rules.calendar import exchange_time
from spark_apps.settings import Settings
from spark_apps.tables.live import BARS_1M_LIVE
from spark_apps.tables.signals import SIGNAL_APPROVALS
from spark_apps.tables.strategies import READS_OF


def decide(asked: Asked, settings: Settings, *, is_approved: bool, by: str) -> str:
    """Append a decision to gold.signal_approvals, and say it.

    Raise BadQuery for a signal that waits for nobody: its book lets it out by itself, it moves no target, it was
    decided, withdrawn or followed by another, or is good no longer as market time goes.
    """
    with alone("approve", settings, SIGNAL_APPROVALS.full_name):
        signal = revisions_of(asked, settings)[-1]
        place = {name: signal[name] for name in ("instrument_id", "session_date", "bar_start", "strategy")}
        name = f"{asked.strategy} of {asked.symbol} at {exchange_time(signal['bar_start'])}"
        if not signal["needs_approval"]:
            raise BadQuery(f"{name}: needs no approval; `approval` of its book in conf/strategies.toml is automatic")
        if signal["result"] != "decisive":
            raise BadQuery(f"{name}: is {signal['result']}; only a decisive one waits for a decision")
        if _decided(place, settings):
            raise BadQuery(f"{name}: is decided already; gold.signal_approvals says by whom")
        newest, market_time = _market(place, settings)
        if market_time >= signal["expires_at"]:
            raise BadQuery(f"{name}: was good until {exchange_time(signal['expires_at'])}")
        if newest > signal["session_date"]:
            raise BadQuery(f"{name}: its session is over, {newest} has begun")
        if _is_followed(place, settings):
            raise BadQuery(f"{name}: another decisive signal of {asked.symbol} has followed it")
        row = place | {"is_approved": is_approved, "decided_by": by, "decided_at": time.time_ns()}
        record_decision(SIGNAL_APPROVALS, row, signal["session_date"], "approve", settings)
    return f"{name}: {'approved' if is_approved else 'refused'} by {by}"


def _decided(place: dict[str, Any], settings: Settings) -> bool:
    decisions = scanned(SIGNAL_APPROVALS, settings)
    is_it = ds.field("instrument_id") == place["instrument_id"]
    for name in ("bar_start", "strategy"):
        is_it &= ds.field(name) == place[name]
    return bool(decisions.count_rows(filter=is_it))


def _market(place: dict[str, Any], settings: Settings) -> tuple[date, int]:
    """Give the newest session of the live bars, and how far the market clock has come in the signal's own."""
    bars = scanned(BARS_1M_LIVE, settings)
    days = bars.to_table(["session_date", "available_at"], filter=ds.field("session_date") >= place["session_date"])
    own = days.filter(pc.equal(days["session_date"], place["session_date"]))
    return pc.max(days["session_date"]).as_py() or place["session_date"], pc.max(own["available_at"]).as_py() or 0


def _is_followed(place: dict[str, Any], settings: Settings) -> bool:
    """Say whether a later signal of the same kind of book is decisive by its last word."""
    signals = scanned(SIGNALS_OF[READS_OF[place["strategy"]]], settings)
    is_it = ds.field("bar_start") > place["bar_start"]
    for name in ("instrument_id", "session_date"):
        is_it &= ds.field(name) == place[name]
    columns = ["generation", "revision", "bar_start", "strategy", "result"]
    said = sorted(tuple(row.values()) for row in signals.to_table(columns, filter=is_it).to_pylist())
    last_words = {(bar_start, strategy): result for _, _, bar_start, strategy, result in said}
    return "decisive" in last_words.values()
