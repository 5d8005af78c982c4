"""Publish a session of the simulated market: spark_apps/jobs/feed_sim.py --start 2026-11-20 --end 2026-11-20."""

from datetime import date

from spark_apps.lake.feed import AS_FAST_AS_POSSIBLE, FeedReport, Hours, Pace, publish_session
from spark_apps.lake.feed_command import main
from spark_apps.lake.seeds import read_seeds
from spark_apps.rules.calendar import previous_session, session_closes_at, session_opens_at
from spark_apps.settings import Settings
from spark_apps.sources.admit import entries_of
from spark_apps.sources.registry import registered
from spark_apps.sources.sim.feed import envelopes

EXCHANGES = ("HOSE", "HNX", "UPCOM")


def publish(settings: Settings, day: date, pace: Pace = AS_FAST_AS_POSSIBLE) -> FeedReport:
    """Publish the session of one day by the seed of the settings, or what is still missing of it."""
    messages = envelopes(day, settings.seed, settings.trades_per_session)
    opens = min(session_opens_at(exchange, day) for exchange in EXCHANGES)
    closes = max(session_closes_at(exchange, day) for exchange in EXCHANGES)
    seeds = read_seeds(previous_session(day), settings)
    return publish_session(registered(messages), entries_of, Hours(day, opens, closes), settings, pace, seeds)


if __name__ == "__main__":
    main(publish)
