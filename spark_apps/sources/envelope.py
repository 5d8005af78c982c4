"""What every message carries, whoever sent it."""

from dataclasses import dataclass

# Between the market and our feed, by the feed's virtual clock: small, fixed, and the same in every replay.
RECEIPT_DELAY = 5_000_000


@dataclass(frozen=True, slots=True)
class Envelope:
    """Wrap one message: who sent it, which, when, how it is written, and its bytes, untouched.

    `source_seq` is the source's own number within instrument and session; times are nanoseconds since 1970 UTC,
    `received_at` by the feed's clock; `symbol` is empty where the source does not say it outside the payload.
    """

    source: str
    channel: str
    source_seq: int
    event_time: int
    received_at: int
    encoding: str
    schema_version: int
    payload: bytes
    symbol: str = ""
