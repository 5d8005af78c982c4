"""The simulated market's feed."""

from collections.abc import Iterator
from datetime import date

from spark_apps.sources.envelope import RECEIPT_DELAY, Envelope
from spark_apps.sources.sim.messages import messages
from spark_apps.sources.sim.wire import SCHEMA_VERSION, SOME_DIRT, Dirt


def envelopes(
    session_date: date, seed: int, trades_per_session: int = 40_000, dirt: Dirt = SOME_DIRT
) -> Iterator[Envelope]:
    """Yield the messages of one simulated session in order of receipt: the same arguments, the same envelopes."""
    for message in messages(session_date, seed, trades_per_session, dirt):
        yield Envelope(
            source="sim",
            channel=message.channel,
            source_seq=message.source_seq,
            event_time=message.event_time,
            received_at=message.sent_at + RECEIPT_DELAY,
            encoding="json",
            schema_version=SCHEMA_VERSION,
            payload=message.payload,
            symbol=message.symbol,
        )
