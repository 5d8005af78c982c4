"""Records that only tests write: corrections side by side, and bytes that no fold can read."""

import numpy as np

from spark_apps.kernels.layouts import HEADER, VERSION, Kind, Rows
from spark_apps.kernels.records import encode


def encode_corrections(entries: Rows) -> bytes:
    """Write one CORRECTION record of n entries; corrects_seq names the trade, quantity 0 cancels it."""
    return encode(Kind.CORRECTION, entries)


def encode_unreadable(payload: bytes = b"") -> bytes:
    """Write a record that no fold can read, for a message of which the feed knows nothing but that it came."""
    return np.array((0, VERSION, 0, len(payload)), HEADER).tobytes() + payload
