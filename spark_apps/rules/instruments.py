"""Who is who, from instruments.csv: ids, symbols and exchanges.

Ids 1 to 36 are invented companies of the simulated market, 100 is the front contract of the VN30 futures, and from
1001 on stand the symbols of the public daily files. Their exchange is the one of a company list of August 2025: an
earlier listing elsewhere is not known, a blank exchange is not known at all, and so are the blank names.
"""

from datetime import date
from functools import lru_cache
from typing import NamedTuple

from spark_apps.rules.dated import dated_rows

SIMULATED = 36


class Instrument(NamedTuple):
    """State one instrument; `exchange` is HOSE, HNX, UPCOM, DERIVATIVES, or empty where it is not known."""

    instrument_id: int
    symbol: str
    name: str
    exchange: str
    kind: str
    valid_from: date
    valid_to: date


@lru_cache(maxsize=1)
def all_instruments() -> tuple[Instrument, ...]:
    """Give every instrument in order of id."""
    return tuple(
        Instrument(
            int(row["instrument_id"]),
            row["symbol"],
            row["name"],
            row["exchange"],
            row["type"],
            date.fromisoformat(row["valid_from"]),
            date.fromisoformat(row["valid_to"] or "9999-12-31"),
        )
        for row in dated_rows("instruments")
    )


@lru_cache(maxsize=1)
def _by_symbol() -> dict[str, tuple[Instrument, ...]]:
    found: dict[str, tuple[Instrument, ...]] = {}
    for instrument in all_instruments():
        found[instrument.symbol] = (*found.get(instrument.symbol, ()), instrument)
    return found


def by_symbol(symbol: str, on: date) -> Instrument | None:
    """Find the instrument that bears a symbol on a day, None when no row says so."""
    for instrument in _by_symbol().get(symbol, ()):
        if instrument.valid_from <= on <= instrument.valid_to:
            return instrument
    return None


def instrument_ids() -> dict[str, int]:
    """Give the id of every symbol; of a symbol that was reused, the latest."""
    return {instrument.symbol: instrument.instrument_id for instrument in all_instruments()}


def simulated_instruments() -> tuple[Instrument, ...]:
    """Give the invented companies that the simulated market trades."""
    return tuple(instrument for instrument in all_instruments() if instrument.instrument_id <= SIMULATED)
