"""A broker whose disk is full: the feed says so, and goes on when there is room again; nothing is lost or doubled."""

import resource
from collections import Counter
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from spark_apps.errors import ServiceFailed
from spark_apps.lake.feed import publish_session
from spark_apps.lake.kafka import Publisher, create_topics, end_offsets, raw_topic
from spark_apps.lake.services import start_broker
from spark_apps.sources.envelope import Envelope
from tests.drills.application import application
from tests.drills.market import DrillMarket, entries_of, expected
from tests.lake.test_feed import fold, raw

MARKET = DrillMarket(seed=9, messages=2_000, minutes=2)
# More than an index file takes when it is made, less than the padded messages.
ROOM = 12 * 1024 * 1024
PADDING = b', "padding": "' + b"x" * 10_000 + b'"}'


def padded() -> list[Envelope]:
    return [replace(one, payload=one.payload.replace(b"}", PADDING)) for one in MARKET.envelopes()]


def test_a_topic_that_takes_no_more_ends_the_feed_which_goes_on_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spark_apps.lake.feed.Publisher", partial(Publisher, seconds=10))
    monkeypatch.setattr("spark_apps.lake.feed.CHUNK", 200)
    broker = start_broker(tmp_path / "broker")
    port = int(broker.address.split(":")[1])
    lake = application(tmp_path / "lake", broker.address, "full")
    try:
        create_topics(lake.settings.kafka)
        # What a full disk does to the broker, but for this process alone: no file may grow beyond so many bytes.
        resource.prlimit(broker.process.pid, resource.RLIMIT_FSIZE, (ROOM, ROOM))
        with pytest.raises(ServiceFailed, match=r"not delivered \(full\.\w+.*space on its disk.*start the feed again"):
            publish_session(padded(), entries_of, MARKET.hours, lake.settings)
        broker.process.wait(60)  # a broker whose only log folder fails ends itself
    finally:
        broker.stop()
    again = start_broker(tmp_path / "broker", port)
    try:
        topic = raw_topic("sim", lake.settings.kafka)
        before = end_offsets(lake.settings.kafka, [topic])[topic][0]
        assert 0 < before < len(MARKET.envelopes())
        report = publish_session(padded(), entries_of, MARKET.hours, lake.settings)
        made, held = fold(lake), Counter(record.value for record in raw(lake))
    finally:
        again.stop()
    truth, sent = expected(MARKET), Counter(one.payload for one in padded())
    assert report.resumed_at is not None
    assert made["trades"] == sum(bar[-1] for bar in truth.bars.values())
    assert not sent - held
    set_aside = sum(made[name] for name in ("late", "refused", "duplicate"))
    assert 0 <= set_aside - truth.late - truth.refused - truth.duplicate <= (held - sent).total()
