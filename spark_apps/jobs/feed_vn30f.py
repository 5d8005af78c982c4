"""Publish VN30 futures files as a live feed would: spark_apps/jobs/feed_vn30f.py --start 2026-02-24 --end 2026-02-27.

The files lie under <landing_root>/vn30f/ticks.
"""

from datetime import date
from pathlib import Path

from spark_apps.lake.feed import AS_FAST_AS_POSSIBLE, FeedReport, Hours, Pace, publish_session
from spark_apps.lake.feed_command import main
from spark_apps.lake.seeds import read_seeds
from spark_apps.rules.calendar import previous_session, session_closes_at, session_opens_at
from spark_apps.settings import Settings
from spark_apps.sources.admit import entries_of
from spark_apps.sources.registry import registered
from spark_apps.sources.vn30f.feed import envelopes

EXCHANGE = "DERIVATIVES"


def publish(settings: Settings, folder: Path, day: date, pace: Pace = AS_FAST_AS_POSSIBLE) -> FeedReport:
    """Publish the file of one session, or what is still missing of it."""
    hours = Hours(day, session_opens_at(EXCHANGE, day), session_closes_at(EXCHANGE, day))
    seeds = read_seeds(previous_session(day), settings)
    return publish_session(registered(envelopes(folder, day)), entries_of, hours, settings, pace, seeds)


if __name__ == "__main__":
    main(lambda settings, day, pace: publish(settings, settings.landing_root, day, pace))
