"""The feed: raw bytes first, clocks in between, and nothing lost or reordered when it is killed."""

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from spark_apps.errors import BadSetting, SchemaMismatch
from spark_apps.kernels.layouts import ENTRY, ClockFlag, Kind, Rows
from spark_apps.kernels.outputs import output_tables
from spark_apps.kernels.records import decode, join
from spark_apps.lake.feed import Pace, publish_session
from spark_apps.lake.kafka import Record, end_offsets, fold_input, raw_topic, read_back
from spark_apps.lake.live_fold import fold_parameters
from spark_apps.settings import CrossStrategyBook, StrategyBook
from tests.drills.application import ROOT, Application, application
from tests.drills.market import SECOND, DrillMarket, entries_of, expected

ENTRIES = (Kind.TRADE, Kind.CORRECTION)
SMALL = DrillMarket(seed=3, messages=400, minutes=2)


def records(lake: Application, topic: str) -> list[list[Record]]:
    kafka = lake.settings.kafka
    ends = end_offsets(kafka, [topic])[topic]
    return [read_back(kafka, topic, number, 0, end) for number, end in sorted(ends.items())]


def inputs(lake: Application) -> list[list[tuple[Kind, Rows]]]:
    return [[decode(record.value) for record in part] for part in records(lake, fold_input(lake.settings.kafka))]


def raw(lake: Application) -> list[Record]:
    return [record for part in records(lake, raw_topic("sim", lake.settings.kafka)) for record in part]


def fold(lake: Application) -> dict[str, int]:
    """Fold what the topic holds and count: rows by kind, and trades in the last revisions of all bars."""
    totals = dict.fromkeys(("late", "refused", "duplicate", "trades"), 0)
    for number, part in enumerate(records(lake, fold_input(lake.settings.kafka))):
        made = fold_parameters(lake.settings).fold(number)
        offsets = np.array([record.offset for record in part])
        rows = output_tables(*made.apply(offsets, *join([record.value for record in part])))
        for kind in (Kind.LATE, Kind.REFUSED, Kind.DUPLICATE):
            totals[kind.name.lower()] += len(rows[kind])
        bars = (
            rows[Kind.BAR]
            .to_pandas()
            .sort_values("revision")
            .drop_duplicates(["instrument_id", "bar_start"], keep="last")
        )
        totals["trades"] += int(bars["trade_count"].sum())
    return totals


def test_every_message_reaches_its_raw_topic_byte_for_byte(lake: Application) -> None:
    report = lake.feed(SMALL)
    assert sorted(record.value for record in raw(lake)) == sorted(one.payload for one in SMALL.envelopes())
    assert report.messages == len(SMALL.envelopes())


def test_the_clock_opens_every_partition_ticks_each_second_and_ends_it(lake: Application) -> None:
    lake.feed(SMALL)
    for part in inputs(lake):
        clocks = [rows[0] for kind, rows in part if kind == Kind.CLOCK]
        assert part[0][0] == Kind.CLOCK
        assert clocks[0]["flags"] == ClockFlag.OPENS
        assert set(np.diff([int(clock["market_time"]) for clock in clocks[:-1]])) == {1_000_000_000}


def test_the_clock_that_ends_a_session_comes_after_all_messages_however_late(lake: Application) -> None:
    ends = SMALL.hours.closes + 11 * SECOND
    assert max(one.received_at for one in SMALL.envelopes()) > ends
    lake.feed(SMALL)
    for part in inputs(lake):
        kind, rows = part[-1]
        assert (kind, int(rows[0]["market_time"]), rows[0]["flags"]) == (Kind.CLOCK, ends, ClockFlag.ENDS)
        assert not any(rows[0]["flags"] & ClockFlag.ENDS for kind, rows in part[:-1] if kind == Kind.CLOCK)


def test_the_books_of_a_session_follow_the_clock_that_opens_it(lake: Application) -> None:
    opens = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=SMALL.hours.opens // SECOND)
    begins = (timedelta(days=-2), timedelta(days=-1), timedelta(minutes=1), timedelta(days=1))
    books = tuple(
        StrategyBook(begins=opens + begin, threshold=number, members={"momentum": {}})
        for number, begin in enumerate(begins, 1)
    )
    across = (CrossStrategyBook(begins=opens - timedelta(days=9), threshold=7, members={"market_pair": {}}),)
    publish_session(
        SMALL.envelopes(), entries_of, SMALL.hours, lake.settings.with_values(strategies=books, cross_strategies=across)
    )
    for part in inputs(lake):
        assert [kind for kind, _ in part[:5]] == [Kind.CLOCK, *3 * [Kind.PARAMETERS], Kind.CLOCK]
        sent = [rows[0] for kind, rows in part if kind == Kind.PARAMETERS]
        # The one in force as the session opens, and the one that begins within it; then likewise of the other kind.
        assert [(int(one["threshold"]), int(one["reads"])) for one in sent] == [(2, 0), (3, 0), (7, 1)]
        assert int(sent[1]["from"]) == SMALL.hours.opens + 60 * SECOND


def test_an_instrument_stays_in_one_partition(lake: Application) -> None:
    lake.feed(SMALL)
    for number, part in enumerate(inputs(lake)):
        found = {int(row["instrument_id"]) for kind, rows in part if kind in ENTRIES for row in rows}
        assert {instrument % 2 for instrument in found} == {number}


def test_raw_bytes_are_delivered_before_what_the_fold_reads(lake: Application) -> None:
    def fails(envelopes: object) -> Rows:
        raise RuntimeError("the parser is broken")

    with pytest.raises(RuntimeError):
        publish_session(SMALL.envelopes(), fails, SMALL.hours, lake.settings)
    assert len(raw(lake)) > 0
    assert not any(kind in ENTRIES for part in inputs(lake) for kind, _ in part)


def test_a_message_that_cannot_be_read_becomes_an_entry_with_a_verdict(lake: Application) -> None:
    report = lake.feed(SMALL)
    verdicts = [int(row["verdict"]) for part in inputs(lake) for kind, rows in part if kind in ENTRIES for row in rows]
    assert np.count_nonzero(verdicts) == report.refused > 0


def test_many_trades_share_a_record_and_paced_ones_do_not(lake: Application) -> None:
    lake.feed(SMALL)
    assert max(len(rows) for part in inputs(lake) for _, rows in part) > 1
    other = application(lake.settings.lake_root, lake.settings.kafka.bootstrap_servers, "one_each")
    publish_session(SMALL.envelopes(), entries_of, SMALL.hours, other.settings, Pace(1000, sleep=lambda _: None))
    assert max(len(rows) for part in inputs(other) for _, rows in part) == 1


def test_paced_market_time_passes_as_fast_as_the_factor_says(lake: Application) -> None:
    slept: list[float] = []
    pace = Pace(60, now=lambda: sum(slept), sleep=slept.append)
    publish_session(SMALL.envelopes(), entries_of, SMALL.hours, lake.settings, pace)
    last = max(one.received_at for one in SMALL.envelopes()) - SMALL.hours.opens
    assert sum(slept) == pytest.approx(last / 1e9 / 60, abs=0.02)


def test_a_source_without_a_topic_is_refused_by_name(lake: Application) -> None:
    kafka = lake.settings.kafka.model_copy(update={"sources": ("vn30f",)})
    with pytest.raises(BadSetting, match="kafka.sources lacks 'sim'"):
        publish_session(SMALL.envelopes(), entries_of, SMALL.hours, lake.settings.with_values(kafka=kafka))


def test_an_entry_that_is_missing_stops_the_feed(lake: Application) -> None:
    with pytest.raises(SchemaMismatch, match=r"0 entries for \d+ messages"):
        publish_session(SMALL.envelopes(), lambda _: np.zeros(0, ENTRY), SMALL.hours, lake.settings)


def test_a_killed_feed_goes_on_and_the_fold_sees_every_trade_once(lake: Application) -> None:
    market = DrillMarket(seed=5, messages=2_000, minutes=2)
    command = [sys.executable, "-m", "tests.drills.feed", "--seed", "5", "--messages", "2000", "--minutes", "2"]
    with subprocess.Popen(
        [*command, "--factor", "20"], cwd=ROOT, env=os.environ | lake.environment, stderr=subprocess.DEVNULL
    ) as feed:
        while len(raw_so_far(lake)) < 500:
            time.sleep(0.1)
        feed.send_signal(signal.SIGKILL)
    report, truth = lake.feed(market), expected(market)
    made = fold(lake)
    assert report.resumed_at is not None
    assert (made["late"], made["refused"]) >= (truth.late, truth.refused)
    assert made["trades"] == sum(bar[-1] for bar in truth.bars.values())
    # A raw record may stand alone: the kill can fall between its delivery and its entry in fold_input.
    entries = sum(len(rows) for part in inputs(lake) for kind, rows in part if kind in ENTRIES)
    extra = entries - len(market.envelopes())
    assert 0 <= extra <= len(raw(lake)) - len(market.envelopes())
    assert (
        sum(made[name] for name in ("late", "refused", "duplicate"))
        == truth.late + truth.refused + truth.duplicate + extra
    )


def raw_so_far(lake: Application) -> list[Record]:
    try:
        return raw(lake)
    except Exception:  # the feed has not made the topics yet
        return []
