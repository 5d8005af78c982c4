"""The wire format: what is written is read, what does not hold is refused."""

import numpy as np
import pytest

from spark_apps.errors import SchemaMismatch
from spark_apps.kernels.layouts import (
    BAR_OUT,
    BOOK,
    CLOCK,
    COMPARISON,
    ENTRY,
    HEADER,
    OUTPUTS,
    SIGNAL_OUT,
    STRATEGY,
    TRADE_OUT,
    ClockFlag,
    Kind,
)
from spark_apps.kernels.output_records import split_outputs
from spark_apps.kernels.reasons import REASONS
from spark_apps.kernels.records import cut, decode, encode, join
from tests.kernels.session import OPEN, clock, corrections, entry, trades
from tests.kernels.wire import encode_unreadable


def test_layouts_have_the_sizes_of_the_contract() -> None:
    assert [layout.itemsize for layout in (HEADER, ENTRY, CLOCK, BAR_OUT, TRADE_OUT)] == [8, 56, 16, 104, 88]
    assert [layout.itemsize for layout in (BOOK, STRATEGY, COMPARISON, SIGNAL_OUT)] == [32, 8, 28, 92]


def test_a_record_is_read_as_it_was_written() -> None:
    kind, rows = decode(trades(entry(1, 5), entry(2, 6)))
    assert (kind, rows["source_seq"].tolist()) == (Kind.TRADE, [1, 2])
    assert decode(corrections())[0] == Kind.CORRECTION
    assert decode(clock(3, 4, ClockFlag.ENDS))[1].tolist() == [(3_000_000_000, 4, 2)]


def test_the_bytes_are_little_endian() -> None:
    assert clock(0, 258, ClockFlag.OPENS).hex() == "0201000010000000" + "00" * 8 + "02010000" + "01000000"


@pytest.mark.parametrize(
    "record",
    [
        b"\x01\x01",
        encode_unreadable(b"what is this"),
        b"\x01\x02" + trades(entry(1, 5))[2:],
        b"\x01\x01\x01" + trades(entry(1, 5))[3:],
        trades(entry(1, 5))[:-1],
        b"\x02" + trades(entry(1, 5))[1:],
        b"\x01" + OPEN[1:],
    ],
)
def test_a_record_that_does_not_hold_is_refused(record: bytes) -> None:
    with pytest.raises(SchemaMismatch, match="record"):
        decode(record)


def test_a_body_of_another_layout_is_not_written() -> None:
    with pytest.raises(SchemaMismatch, match="CLOCK record"):
        encode(Kind.CLOCK, np.zeros(1, ENTRY))


def test_records_side_by_side_are_cut_as_they_were_joined() -> None:
    given = [OPEN, b"", trades(entry(1, 5))]
    assert cut(*join(given)) == given


def test_outputs_are_sorted_by_kind_in_their_order() -> None:
    bars = np.zeros(2, BAR_OUT)
    bars["ordinal"] = [0, 1]
    late = encode(Kind.LATE, np.zeros(1, TRADE_OUT))
    out = split_outputs(*join([encode(Kind.BAR, bars[:1]), late, encode(Kind.BAR, bars[1:])]))
    assert {kind.name: len(rows) for kind, rows in out.items() if len(rows)} == {"BAR": 2, "LATE": 1}
    assert out.keys() == OUTPUTS.keys()
    assert out[Kind.BAR]["ordinal"].tolist() == [0, 1]


@pytest.mark.parametrize("record", [OPEN, b"", b"\x10\x01", encode(Kind.LATE, np.zeros(1, TRADE_OUT))[:-1]])
def test_what_is_no_output_is_refused(record: bytes) -> None:
    with pytest.raises(SchemaMismatch, match="fold_output"):
        split_outputs(*join([record]))


def test_the_feeds_reasons_are_the_error_rules_of_ticks() -> None:
    assert [REASONS[number] for number in (16, 22, 24)] == [
        "record_is_readable",
        "price_is_on_tick",
        "quantity_is_round_lot",
    ]
