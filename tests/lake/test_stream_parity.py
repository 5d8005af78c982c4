"""A session through the real streaming operator against replay, truth and oracle; tests/drills has twenty of them."""

from pyspark.sql import SparkSession

from tests.drills.application import Application
from tests.drills.live_words import live_bars
from tests.drills.stream_parity import accepted_entries, counted_bars, judged, without_value
from tests.drills.truth import differences, oracle_bars
from tests.lake.conftest import MARKET


def test_the_stream_equals_its_replay_the_seed_and_an_independent_engine(
    unbroken: Application, spark: SparkSession
) -> None:
    found = judged(unbroken, spark, MARKET)
    assert {name: found[name] for name in ("lost", "doubled", "wrong")} == {"lost": 0, "doubled": 0, "wrong": 0}
    assert found["rows"] > found["bars"] > 0
    assert found["corrected"] > 0
    assert found["figures"] > 0


def test_a_price_that_is_not_of_the_session_is_seen_by_truth_and_oracle(unbroken: Application) -> None:
    bars = live_bars(unbroken)
    first, second, *_ = bars
    untrue = bars | {first: (bars[first][0] + 1, *bars[first][1:])}
    del untrue[second]
    assert differences(without_value(untrue), counted_bars(MARKET)) == (1, 1)
    assert differences(untrue, oracle_bars(accepted_entries(unbroken))) == (1, 1)
