"""A feed as a command: a line a session, and an error of ours in one sentence."""

import sys
from datetime import date

import pytest

from spark_apps.errors import BadSetting, ServiceFailed
from spark_apps.lake.feed import FeedReport, Pace
from spark_apps.lake.feed_command import main
from spark_apps.settings import Settings

FRIDAY = date(2026, 11, 20)


def publish(settings: Settings, day: date, pace: Pace) -> FeedReport:
    """Publish Thursday, and fail on Friday."""
    if day == FRIDAY:
        raise ServiceFailed("7 records were not delivered")
    return FeedReport(3, 1, 2, None)


def test_each_session_is_a_line_and_a_failure_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["feed", "--start", "2026-11-19", "--end", "2026-11-23"])
    with pytest.raises(SystemExit) as ended:
        main(publish)
    said = capsys.readouterr()
    assert ended.value.code == 1
    assert said.out == "2026-11-19: 3 messages, 1 refused, 2 clocks\n"
    assert said.err == "2026-11-20: ServiceFailed: 7 records were not delivered\n"


def test_an_end_before_the_start_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["feed", "--start", "2026-11-20", "--end", "2026-11-19"])
    with pytest.raises(BadSetting, match="ends on 2026-11-19, before it starts"):
        main(publish)
