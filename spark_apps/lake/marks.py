"""High-water marks: what a live table already holds, saved in the very commits that put it there."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import structlog
from numpy.typing import NDArray

from spark_apps.lake.provenance import Provenance
from spark_apps.lake.writing import append_arrow, mark
from spark_apps.settings import Settings
from spark_apps.tables.model import Table

logger = structlog.get_logger(__name__)


# Topic -> partition -> the first offset, and the one behind the last.
Ranges = Mapping[str, Mapping[int, tuple[int, int]]]


@dataclass(frozen=True)
class Batch:
    """Name a micro-batch by its number, and what it was made from."""

    number: int
    inputs: Ranges


def ranges(topics: pa.ChunkedArray, partitions: pa.ChunkedArray, offsets: pa.ChunkedArray) -> Ranges:
    """Give the offsets between which the records of a batch lie."""
    places = pa.table({"topic": topics, "partition": partitions, "offset": offsets}).group_by(["topic", "partition"])
    found: dict[str, dict[int, tuple[int, int]]] = {}
    for row in places.aggregate([("offset", "min"), ("offset", "max")]).to_pylist():
        found.setdefault(row["topic"], {})[row["partition"]] = (row["offset_min"], row["offset_max"] + 1)
    return found


@dataclass
class Marks:
    """Append rows above their mark, and move the marks in the same commit; the only writer of these tables.

    `added` counts the rows that this start has put into each table.
    """

    settings: Settings
    query: str
    provenance: Provenance
    added: Counter[str] = field(default_factory=Counter)
    _known: dict[tuple[str, str], int] = field(default_factory=dict)

    @property
    def run_id(self) -> str:
        """Give the id of the start that writes."""
        return self.provenance.run_id

    def at(self, table: Table, place: str) -> int:
        """Give the mark of a place in a table; -1 where nothing of it is in."""
        if (table.full_name, place) not in self._known:
            self._known[table.full_name, place] = mark(table, place, self.settings)
        return self._known[table.full_name, place]

    def append(
        self,
        table: Table,
        rows: pa.Table,
        places: Mapping[str, NDArray[np.int64]],
        versions: NDArray[np.int64],
        batch: Batch,
        also: dict[str, int] | None = None,
    ) -> int:
        """Append the rows whose version is above the mark of their place and above those before them.

        `places` says which rows, in order of arrival, belong to which mark.
        `also` are further marks of the same commit, which is made for them alone where no row is new.
        A batch that is replayed after a kill adds nothing; the log says how many rows were in already.
        The commit says of itself which batch it is of, and the offsets that it was made from.
        """
        new, marks = self._new(table, places, versions)
        moved = {place: version for place, version in (also or {}).items() if version > self.at(table, place)}
        if not new.all():
            held = int(len(new) - new.sum())
            logger.info(
                "replayed", query=self.query, batch=batch.number, table=table.full_name, rows=len(new), in_already=held
            )
        if new.any() or moved:
            said = replace(self.provenance, inputs=batch.inputs).metadata
            metadata = json.dumps(json.loads(said) | {"query": self.query, "batch": batch.number})
            append_arrow(table, rows.filter(pa.array(new)), self.settings, marks | moved, metadata, self.query)
            self.added[table.full_name] += int(new.sum())
            self._known |= {(table.full_name, place): version for place, version in (marks | moved).items()}
        return int(new.sum())

    def _new(
        self, table: Table, places: Mapping[str, NDArray[np.int64]], versions: NDArray[np.int64]
    ) -> tuple[NDArray[np.bool_], dict[str, int]]:
        """Say which rows are new, and give the marks after them."""
        new = np.zeros(len(versions), bool)
        marks: dict[str, int] = {}
        for place, here in places.items():
            highest = np.maximum.accumulate(np.concatenate(([self.at(table, place)], versions[here])))
            new[here] = versions[here] > highest[:-1]
            if new[here].any():
                marks[place] = int(highest[-1])
        return new, marks
