"""Schemas of messages: what may change and what may not."""

import json
from importlib.resources import files
from typing import Any

import pytest

from spark_apps.errors import IncompatibleSchema
from spark_apps.sources.envelope import Envelope
from spark_apps.sources.registry import check, check_compatible, registered, schema_of
from tests.house.tree import listed, read

LINE = {"Time": "09:00:00", "Price": "2067.00", "Volume": "1", "Side": "M"}


def schema(version: int, required: list[str], **types: str) -> dict[str, Any]:
    properties = {name: {"type": kind} for name, kind in types.items()}
    return {"$id": f"tayho:x.trade.v{version}", "required": required, "properties": properties}


OLD = schema(1, ["price"], price="number", side="string")


def test_a_message_of_the_schema_passes_and_so_does_an_added_field() -> None:
    check("vn30f", "trade", 1, LINE)
    check("vn30f", "trade", 1, {**LINE, "Venue": "HNX"})


def test_a_renamed_field_is_refused_by_schema_field_and_rule() -> None:
    renamed = {"Clock" if name == "Time" else name: value for name, value in LINE.items()}
    with pytest.raises(IncompatibleSchema, match=r"schema tayho:vn30f.trade.v1: .*Time.*'required'"):
        check("vn30f", "trade", 1, renamed)


def test_a_retyped_field_is_refused_by_schema_field_and_rule() -> None:
    with pytest.raises(IncompatibleSchema, match=r"data.Price must be string \(rule 'type' is 'string'\)"):
        check("vn30f", "trade", 1, {**LINE, "Price": 2067.0})


def test_a_feed_sends_no_message_of_a_channel_that_nobody_registered() -> None:
    known, unknown = (Envelope("sim", channel, 1, 0, 0, "json", 1, b"{}") for channel in ("trade", "rumour"))
    sent = registered([known, unknown])
    assert next(sent) == known
    with pytest.raises(IncompatibleSchema, match=r"schema sim.rumour.v1: not registered; add sources/schemas"):
        next(sent)


@pytest.mark.parametrize("path", listed("spark_apps/jobs/feed_*.py"))
def test_every_feed_asks_the_registry(path: str) -> None:
    assert "publish_session(registered(" in read(path)


def test_an_unknown_schema_is_refused() -> None:
    with pytest.raises(IncompatibleSchema, match=r"schema sim.index.v1: not registered; add sources/schemas/sim.index"):
        check("sim", "index", 1, {})


def test_a_new_version_may_add_fields_and_drop_optional_ones() -> None:
    check_compatible(OLD, schema(2, ["price"], price="number"))
    check_compatible(OLD, schema(2, ["price", "venue"], price="number", side="string", venue="string"))


@pytest.mark.parametrize(
    ("new", "message"),
    [
        (schema(2, [], side="string"), "field 'price' of tayho:x.trade.v1 must stay required"),
        (schema(2, [], price="number"), "field 'price' of tayho:x.trade.v1 must stay required"),
        (schema(2, ["price"], price="string"), "field 'price' must stay 'number', not 'string'"),
        (schema(2, ["price"], price="number", side="integer"), "field 'side' must stay 'string', not 'integer'"),
    ],
)
def test_a_new_version_may_not_break_a_reader_of_the_old_one(new: dict[str, Any], message: str) -> None:
    with pytest.raises(IncompatibleSchema, match=message):
        check_compatible(OLD, new)


def test_every_registered_schema_says_its_name_and_version_and_follows_the_one_before() -> None:
    for path in files("spark_apps.sources").joinpath("schemas").iterdir():
        source, channel, version = path.name.removesuffix(".json").split(".")
        found = schema_of(source, channel, int(version[1:]))
        assert found == json.loads(path.read_text(encoding="utf-8"))
        assert (found["$id"], found["version"]) == (f"tayho:{source}.{channel}.{version}", int(version[1:]))
