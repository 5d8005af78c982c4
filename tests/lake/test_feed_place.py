"""Where a feed goes on: each session once, however often, in whatever order and by whomever it is asked for."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace

import pytest

from spark_apps.errors import SchemaMismatch, ServiceFailed, StateMismatch
from spark_apps.kernels.layouts import Kind
from spark_apps.lake.feed import FeedReport, Pace, publish_session
from spark_apps.lake.kafka import end_offsets, fold_input, raw_topic
from spark_apps.lake.lease import alone
from spark_apps.sources.envelope import Envelope
from tests.drills.application import Application
from tests.drills.market import SECOND, DrillMarket, entries_of
from tests.lake.test_feed import inputs, raw


class PowerCut(Exception):
    """End a feed where a test wants it."""


def market(day: int) -> DrillMarket:
    return DrillMarket(seed=3, messages=100, minutes=1, day=day)


def cut_at(seconds: float) -> Pace:
    """Pass market time without waiting, until the power is cut while the feed waits for what comes after."""
    slept = 0.0

    def sleep(wait: float) -> None:
        nonlocal slept
        if slept + wait > seconds:
            raise PowerCut
        slept += wait

    return Pace(1, now=lambda: slept, sleep=sleep)


def feed(
    lake: Application, day: int, pace: Pace | None = None, of: Callable[[Envelope], Envelope] | None = None
) -> FeedReport:
    envelopes = [of(one) if of else one for one in market(day).envelopes()]
    return publish_session(envelopes, entries_of, market(day).hours, lake.settings, pace or Pace())


def of_vn30f(envelope: Envelope) -> Envelope:
    return replace(envelope, source="vn30f")


def length(lake: Application) -> dict[int, int]:
    topic = fold_input(lake.settings.kafka)
    return end_offsets(lake.settings.kafka, [topic])[topic]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)], ids=["in_order", "an_older_session_later"])
def test_no_finished_session_is_published_again(lake: Application, order: tuple[int, ...]) -> None:
    for day in order:
        assert feed(lake, day).resumed_at is None
    before = length(lake)
    for day in range(3):
        again = feed(lake, day)
        assert (again.messages, again.clocks) == (0, 0)
    assert length(lake) == before


def test_a_feed_cut_off_in_the_last_of_its_sessions_goes_on_there_alone(lake: Application) -> None:
    feed(lake, 0)
    with pytest.raises(PowerCut):
        feed(lake, 1, cut_at(30))
    assert feed(lake, 0).messages == 0
    report = feed(lake, 1)
    assert 0 < (report.resumed_at or 0) - market(1).hours.opens <= 30 * SECOND
    assert 0 < report.messages < len(market(1).envelopes())


def test_a_session_that_was_cut_off_goes_on_behind_a_later_one(lake: Application) -> None:
    with pytest.raises(PowerCut):
        feed(lake, 0, cut_at(30))
    feed(lake, 1)
    assert 0 < (feed(lake, 0).resumed_at or 0) - market(0).hours.opens <= 30 * SECOND
    assert [feed(lake, day).messages for day in (0, 1)] == [0, 0]


def test_a_message_that_arrives_after_the_end_is_sent_by_the_feed_that_goes_on(lake: Application) -> None:
    last = market(0).envelopes()[-1]
    tardy = replace(last, source_seq=10_000, received_at=market(0).hours.closes + 600 * SECOND, payload=b'{"tardy": 1}')
    envelopes = [*market(0).envelopes()[:50], tardy]
    with pytest.raises(PowerCut):
        publish_session(envelopes, entries_of, market(0).hours, lake.settings, cut_at(300))
    assert tardy.payload not in [record.value for record in raw(lake)]
    publish_session(envelopes, entries_of, market(0).hours, lake.settings)
    assert [record.value for record in raw(lake)].count(tardy.payload) == 1
    assert sum(10_000 in rows["source_seq"] for part in inputs(lake) for kind, rows in part if kind == Kind.TRADE) == 1


@pytest.mark.parametrize("state", ["begun", "ended"])
def test_another_source_cannot_follow_into_a_session(lake: Application, state: str) -> None:
    with pytest.raises(PowerCut) if state == "begun" else nullcontext():
        feed(lake, 0, cut_at(30) if state == "begun" else None)
    said = rf"session 2026-11-16 of .* was {state} by the feed of 'sim', and 'vn30f' .*TAYHO_KAFKA__PREFIX"
    with pytest.raises(StateMismatch, match=said):
        feed(lake, 0, of=of_vn30f)
    # What the feed that was cut had handed over may still be on its way to fold_input.
    foreign = raw_topic("vn30f", lake.settings.kafka)
    assert not any(end_offsets(lake.settings.kafka, [foreign])[foreign].values())
    assert feed(lake, 1, of=of_vn30f).messages > 0
    assert any(end_offsets(lake.settings.kafka, [foreign])[foreign].values())


def test_a_feed_of_two_sources_is_refused(lake: Application) -> None:
    with pytest.raises(SchemaMismatch, match="feed of 'sim': a message of 'vn30f'"):
        feed(lake, 0, of=lambda one: of_vn30f(one) if one.source_seq == 5 else one)


def test_a_second_feed_at_the_same_time_is_refused(lake: Application) -> None:
    kafka = lake.settings.kafka
    with (
        alone(f"feed_{kafka.prefix}", lake.settings, "the other feed"),
        pytest.raises(ServiceFailed, match=r"fold_input is being written by process \d+"),
    ):
        feed(lake, 0)


def test_a_source_that_has_changed_since_its_session_ended_is_named(lake: Application) -> None:
    feed(lake, 0)
    before = length(lake)
    assert feed(lake, 0).messages == 0
    envelopes, hours = market(0).envelopes(), market(0).hours
    changed = [*envelopes[:-1], replace(envelopes[-1], payload=b"another")]
    for given in (envelopes[:-1], changed):
        words = rf"ended with {len(envelopes)} messages, check sum \w+; its source gives {len(given)} messages"
        with pytest.raises(StateMismatch, match=words):
            publish_session(given, entries_of, hours, lake.settings)
    assert length(lake) == before
