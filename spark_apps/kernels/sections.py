"""Give the state of a fold its sections: a header that says whose state it is, then the bytes of one key.

A section is SECTION (fold, layout version, byte order, parameter hash, length and CRC-32 of the body), then the body.
A state that does not fit is refused by name. The header is `SectionHeader` in `cpp_udfs/include/kernels/records.hpp`.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np

from spark_apps.errors import StateMismatch
from spark_apps.kernels.layouts import Rows

BAR_FOLD = 1
INDICATOR_FOLD = 2
CROSS_FOLD = 3
BYTE_ORDER = 0x01020304
MASK = (1 << 64) - 1
FNV_OFFSET = 14695981039346656037
FNV_PRIME = 1099511628211

SECTION = np.dtype(
    [
        ("fold", "<u2"),
        ("layout", "<u2"),
        ("byte_order", "<u4"),
        ("parameters", "<u8"),
        ("length", "<u4"),
        ("checksum", "<u4"),
    ]
)


def as_signed(word: int) -> int:
    """Give an unsigned 64-bit number as the int64 of the same bits."""
    return word - (1 << 64) if word >> 63 else word


def byte_hash(data: bytes) -> int:
    """Hash bytes as FNV-1a 64."""
    value = FNV_OFFSET
    for byte in data:
        value = ((value ^ byte) * FNV_PRIME) & MASK
    return value


def parameter_hash(parameters: Sequence[int]) -> int:
    """Hash parameters as FNV-1a 64 over their little-endian int64 bytes."""
    return byte_hash(struct.pack(f"<{len(parameters)}q", *parameters))


def seal(fold: int, layout: int, parameters: int, body: bytes) -> bytes:
    """Put the header before the body of a section."""
    return np.array((fold, layout, BYTE_ORDER, parameters, len(body), crc32(body)), SECTION).tobytes() + body


def unseal(name: str, section: bytes, fold: int, layout: int, parameters: int) -> bytes:
    """Give the body of a section; raise StateMismatch naming the section and what does not fit."""
    if len(section) < SECTION.itemsize:
        raise mismatch(name, "the header is cut off")
    header = np.frombuffer(section, SECTION, count=1)[0]
    for field, expected in (("fold", fold), ("layout", layout), ("byte_order", BYTE_ORDER), ("parameters", parameters)):
        if int(header[field]) != expected:
            raise mismatch(name, f"{field} is {header[field]}, this fold has {expected}")
    if int(header["length"]) != len(section) - SECTION.itemsize:
        raise mismatch(name, f"{len(section) - SECTION.itemsize} bytes of body, the header says {header['length']}")
    body = section[SECTION.itemsize :]
    if int(header["checksum"]) != crc32(body):
        raise mismatch(name, "its bytes are not those that were written: the checksum differs")
    return body


def mismatch(name: str, what: str) -> StateMismatch:
    """Say why a section does not belong to this fold, and what to do."""
    return StateMismatch(
        f"state section {name}: {what}. Start a new generation (settings live.generation) or seed anew"
    )


@dataclass
class Cursor:
    """Read the body of a section front to back; raise StateMismatch where it is not as long as it says."""

    key: int
    body: bytes
    place: int = 0

    def take(self, layout: np.dtype[Any], count: int) -> Rows:
        """Read `count` rows of a layout and move on."""
        end = self.place + layout.itemsize * count
        if end > len(self.body):
            raise mismatch(str(self.key), f"its {len(self.body)} bytes end within what its counts announce")
        rows = np.frombuffer(self.body[self.place : end], layout)
        self.place = end
        return rows

    def rest(self, layout: np.dtype[Any]) -> Any:
        """Read one row that must be the whole body."""
        rows = self.take(layout, 1).tolist()
        self.end()
        return rows

    def end(self) -> None:
        """Refuse bytes beyond what the counts announce."""
        if self.place != len(self.body):
            raise mismatch(str(self.key), f"{len(self.body) - self.place} bytes too many")
