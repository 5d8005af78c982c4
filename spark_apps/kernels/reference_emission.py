"""Gather the output records of a fold, each with the record that caused it."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from spark_apps.kernels.layouts import CAUSE, OUTPUTS, Bytes, Ints, Kind
from spark_apps.kernels.records import encode, encode_book, join


@dataclass
class Emission:
    """Hold what a call has given so far, and the place of the next row among those of one cause."""

    generation: int
    partition: int
    offset: int = 0
    ordinal: int = 0
    records: list[bytes] = field(default_factory=list)

    def begin(self, offset: int) -> None:
        """Name the record that causes what follows."""
        self.offset, self.ordinal = offset, 0

    def give(self, kind: Kind, *values: Any) -> None:
        """Add a row: its values behind those of its cause."""
        row = (*self._cause, *values)
        self.records.append(encode(kind, np.array([row], OUTPUTS[kind])))
        self.ordinal += 1

    def hand_on(self, book: bytes) -> None:
        """Add a book as it came."""
        self.records.append(encode_book(np.array(self._cause, CAUSE), book))
        self.ordinal += 1

    @property
    def _cause(self) -> tuple[int, int, int, int]:
        return self.generation, self.partition, self.offset, self.ordinal

    def taken(self) -> tuple[Bytes, Ints]:
        """Give all records side by side, and begin anew."""
        records, self.records = self.records, []
        return join(records)
