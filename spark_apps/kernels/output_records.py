"""Read the output records of a fold side by side: their kinds, their rows, their causes."""

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from spark_apps.errors import SchemaMismatch
from spark_apps.kernels.layouts import BODIES, BOOK, CAUSE, HEADER, OUTPUTS, VERSION, Bytes, Ints, Kind, Rows
from spark_apps.kernels.records import join

# How long the body of each kind is, of a book at least; -1 where there is no such output.
_LENGTHS = np.array([OUTPUTS[Kind(one)].itemsize if one in OUTPUTS else -1 for one in range(256)], np.int64)
_LENGTHS[Kind.BOOK] = CAUSE.itemsize + BOOK.itemsize


def output_kinds(data: Bytes, bounds: Ints) -> NDArray[np.uint8]:
    """Give the kind of each output record, 0 where it is no output of this layout version."""
    sizes, kinds = np.diff(bounds), np.zeros(len(bounds) - 1, np.uint8)
    with_header = np.flatnonzero(sizes >= HEADER.itemsize)
    headers = _gather(data, bounds[with_header], HEADER)
    lengths = _LENGTHS[headers["kind"]]
    is_long_enough = (headers["length"] == lengths) | ((headers["kind"] == Kind.BOOK) & (headers["length"] > lengths))
    is_ours = (headers["version"] == VERSION) & (headers["reserved"] == 0) & is_long_enough
    is_ours &= sizes[with_header] == HEADER.itemsize + headers["length"].astype(np.int64)
    kinds[with_header[is_ours]] = headers["kind"][is_ours]
    return kinds


def split_outputs(data: Bytes, bounds: Ints) -> dict[Kind, Rows]:
    """Sort output records by kind: for every output kind an array (BAR_OUT, say), in order of emission; books left out.

    Raise SchemaMismatch when a record is of another kind, version or length.
    """
    kinds = output_kinds(data, bounds)
    if unread := np.count_nonzero(kinds == 0):
        raise SchemaMismatch(f"fold_output: {unread} of {len(kinds)} records are no output of layout version {VERSION}")
    bodies = bounds[:-1] + HEADER.itemsize
    return {kind: _gather(data, bodies[kinds == kind], layout) for kind, layout in OUTPUTS.items()}


def read_output(record: bytes) -> tuple[Kind | None, Rows | None]:
    """Give the kind and the row of one output record; nothing where it is no output of this layout version.

    Of a book the row is its CAUSE alone.
    """
    data, bounds = join([record])
    (kind,) = output_kinds(data, bounds).tolist()
    return (Kind(kind), np.frombuffer(record, BODIES[Kind(kind)], 1, HEADER.itemsize)[0]) if kind else (None, None)


def causes(data: Bytes, bounds: Ints) -> Rows:
    """Give the CAUSE that every output record of any kind begins with."""
    return _gather(data, bounds[:-1] + HEADER.itemsize, CAUSE)


def _gather(data: Bytes, starts: Ints, layout: np.dtype[Any]) -> Rows:
    places = starts[:, None] + np.arange(layout.itemsize)
    return cast(Rows, data[places].view(layout).reshape(-1))
