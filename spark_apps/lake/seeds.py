"""What a session's indicators open from: the closing states of the nightly batch, for the feed to send. No pyspark."""

from datetime import date, timedelta

import pyarrow.compute as pc
import pyarrow.dataset as ds

from spark_apps.lake.reading import scanned
from spark_apps.settings import Settings
from spark_apps.tables.indicators import INDICATOR_STATES_1M

# An instrument that has not traded for as long goes on from what the fold itself remembers.
LOOK_BACK = timedelta(days=60)


def read_seeds(before: date, settings: Settings) -> dict[int, bytes]:
    """Give the state of every instrument at the end of a session, by instrument_id.

    None at all where the batch has not made that session: a state from before it would forget the session.
    """
    session_date = ds.field("session_date")
    states = (
        scanned(INDICATOR_STATES_1M, settings)
        .to_table(
            columns=["instrument_id", "session_date", "state"],
            filter=(session_date <= before) & (session_date > before - LOOK_BACK),
        )
        .sort_by([("session_date", "ascending")])
    )
    if pc.max(states["session_date"]).as_py() != before:
        return {}
    newest = dict(zip(states["instrument_id"].to_pylist(), states["state"].to_pylist(), strict=True))
    return {key: state for key, state in sorted(newest.items()) if state is not None}
