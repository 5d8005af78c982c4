"""High-water marks: what a live table already holds, saved in the very commits that put it there."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import structlog
from numpy.typing import NDArray

from spark_apps.lake.provenance import Provenance
from spark_apps.lake.writing import append_arrow, mark
from spark_apps.settings import Settings
from spark_apps.tables.model import Table

logger = structlog.get_logger(__name__)


@dataclass
class Marks:
    """Append rows above their mark, and move the marks in the same commit; the only writer of these tables."""

    settings: Settings
    query: str
    provenance: Provenance
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
        batch: int,
        also: dict[str, int] | None = None,
    ) -> int:
        """Append the rows whose version is above the mark of their place and above those before them.

        `places` says which rows, in order of arrival, belong to which mark.
        `also` are further marks of the same commit, which is made for them alone where no row is new.
        A batch that is replayed after a kill adds nothing; the log says how many rows were in already.
        """
        new, marks = self._new(table, places, versions)
        moved = {place: version for place, version in (also or {}).items() if version > self.at(table, place)}
        if not new.all():
            held = int(len(new) - new.sum())
            logger.info(
                "replayed", query=self.query, batch=batch, table=table.full_name, rows=len(new), in_already=held
            )
        if new.any() or moved:
            metadata = json.dumps(json.loads(self.provenance.metadata) | {"query": self.query, "batch": batch})
            append_arrow(table, rows.filter(pa.array(new)), self.settings, marks | moved, metadata, self.query)
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
