"""A message that comes again under its number: fold and batch keep the same one, and the check between them says so."""

import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from spark_apps.jobs.feed_sim import EXCHANGES
from spark_apps.jobs.ticks import job
from spark_apps.lake.catalogue import run_sql, texts
from spark_apps.lake.feed import Hours, publish_session
from spark_apps.lake.job import batch
from spark_apps.lake.run import run
from spark_apps.lake.services import Service
from spark_apps.rules.calendar import next_session, session_closes_at, session_opens_at
from spark_apps.sources.admit import entries_of
from spark_apps.sources.envelope import Envelope
from spark_apps.sources.sim.feed import envelopes
from spark_apps.sources.sim.wire import CLEAN
from spark_apps.tables.live import DUPLICATES_LIVE, LATE_LIVE, REFUSED_LIVE
from tests.drills.application import Application, application

FRIDAY = date(2026, 11, 20)
MONDAY = next_session(FRIDAY)
SECOND = 1_000_000_000


def said(envelope: Envelope, **fields: Any) -> Envelope:
    """Say a trade again with other fields."""
    return replace(envelope, payload=json.dumps(json.loads(envelope.payload) | fields).encode())


def far_ahead(envelope: Envelope) -> Envelope:
    """Date a trade just under 120 seconds after its receipt: near enough for the batch, not for the fold."""
    time = datetime.fromisoformat(json.loads(envelope.payload)["time"]) + timedelta(seconds=120, milliseconds=4)
    return said(envelope, time=time.isoformat(timespec="microseconds"))


def feed(lake: Application, day: date, messages: list[Envelope]) -> None:
    opens = min(session_opens_at(exchange, day) for exchange in EXCHANGES)
    closes = max(session_closes_at(exchange, day) for exchange in EXCHANGES)
    arrivals = sorted(messages, key=lambda one: one.received_at)
    publish_session(arrivals, entries_of, Hours(day, opens, closes), lake.settings)


def friday(trades: list[Envelope]) -> list[Envelope]:
    """Put others beside seven of the trades: refused before, refused after, ahead, the same, late, two on Monday."""
    others = {
        10: [said(trades[10], volume=-100), trades[10]],
        20: [trades[20], said(trades[20], volume=-100)],
        30: [trades[30], far_ahead(trades[30])],
        40: [trades[40], trades[40]],
        50: [replace(trades[50], received_at=trades[50].received_at + 60 * SECOND)],
        60: [trades[60], replace(far_ahead(said(trades[60], seq=9_000)), source_seq=9_000)],
    }
    return [one for place, trade in enumerate(trades) for one in others.get(place, [trade])]


def test_fold_and_batch_keep_the_same_message_of_a_number(broker: Service, spark: SparkSession, tmp_path: Path) -> None:
    lake = application(tmp_path, broker.address, "sent_again")
    trades, monday = (
        [one for one in envelopes(day, 7, 1_000, CLEAN) if one.channel == "trade"] for day in (FRIDAY, MONDAY)
    )
    feed(lake, FRIDAY, friday(trades))
    # On Monday two of Friday's numbers come again, one with the very trade, one with another.
    again = [trades[70], said(trades[80], volume=100 + json.loads(trades[80].payload)["volume"])]
    feed(lake, MONDAY, [*monday, *(replace(one, received_at=monday[100].received_at) for one in again)])
    lake.run_here(spark)
    refused, late, same = (lake.read(table).num_rows for table in (REFUSED_LIVE, LATE_LIVE, DUPLICATES_LIVE))
    assert (refused, late, same) == (4, 3, 1)
    report = run(job, batch(FRIDAY, MONDAY), spark, lake.settings)
    assert (report.quarantined, report.duplicate) == (2, 4)
    assert report.rows_out == len(trades) + 1 + len(monday)
    check = texts("checks")["fold_accepted_against_silver"]
    assert run_sql(spark, lake.settings, check).collect() == []
