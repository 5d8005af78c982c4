"""Publish a drill session from a process of its own, so that a drill can kill it."""

import argparse

from spark_apps.lake.feed import Pace, publish_session
from spark_apps.settings import load
from tests.drills.market import DrillMarket, entries_of

if __name__ == "__main__":
    options = argparse.ArgumentParser()
    for name in ("seed", "messages", "minutes", "day", "quotes"):
        options.add_argument(f"--{name}", type=int, default=0)
    options.add_argument("--factor", type=float, default=0)
    given = options.parse_args()
    market = DrillMarket(given.seed, given.messages, minutes=given.minutes, day=given.day, quotes=given.quotes)
    publish_session(market.envelopes(), entries_of, market.hours, load(), Pace(given.factor))
