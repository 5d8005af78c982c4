"""What a feed was given for a session: how many messages, and a check sum of their bytes. No pyspark."""

import zlib
from collections.abc import Iterable, Iterator
from typing import Any

from spark_apps.errors import StateMismatch


class Content:
    """Count the messages that pass through, and sum up their bytes."""

    def __init__(self, envelopes: Iterable[Any]) -> None:
        """Take the messages of a session; nothing is read yet."""
        self._envelopes = envelopes
        self._count = self._sum = 0

    def __iter__(self) -> Iterator[Any]:
        """Give the messages."""
        for envelope in self._envelopes:
            self._count += 1
            self._sum = zlib.crc32(envelope.payload, self._sum)
            yield envelope

    def __str__(self) -> str:
        """Say what has passed so far."""
        return f"{self._count} messages, check sum {self._sum:08x}"

    def refuse_change(self, published: str | None, session: str) -> None:
        """Raise StateMismatch where a session that has ended was fed with something else; None is what nobody says."""
        for _ in self:
            pass
        if published not in (None, str(self)):
            raise StateMismatch(
                f"{session} ended with {published}; its source gives {self} now, and nothing of it was published: what"
                " comes later cannot join a session that has ended. Feed it under a new TAYHO_KAFKA__PREFIX into a"
                " TAYHO_LAKE_ROOT of its own, or bring back the source as it was"
            )
