"""Which messages we publish: JSON Schemas with id and version, checked where a message is made.

A producer checks what it is about to send, so a breaking change stops at its own desk. What arrives from outside is
never refused here: it is kept as it came, and the parser says what is wrong with it. One file a version:
schemas/<source>.<channel>.v<version>.json.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from importlib.resources import files
from typing import Any

import fastjsonschema

from spark_apps.errors import IncompatibleSchema
from spark_apps.sources.envelope import Envelope

Schema = dict[str, Any]


@lru_cache(maxsize=64)
def schema_of(source: str, channel: str, version: int) -> Schema:
    """Give one version of a channel's schema; raise IncompatibleSchema where it is unknown or breaks the one before."""
    name = f"{source}.{channel}.v{version}"
    path = files("spark_apps.sources").joinpath(f"schemas/{name}.json")
    if not path.is_file():
        raise IncompatibleSchema(f"schema {name}: not registered; add sources/schemas/{name}.json")
    schema: Schema = json.loads(path.read_text(encoding="utf-8"))
    if version > 1:
        check_compatible(schema_of(source, channel, version - 1), schema)
    return schema


def check_compatible(old: Schema, new: Schema) -> None:
    """Refuse a new version under which a reader of the old one would miss a field or find another type."""
    for field, before in old["properties"].items():
        after = new["properties"].get(field)
        if field in old["required"] and (after is None or field not in new["required"]):
            raise IncompatibleSchema(f"schema {new['$id']}: field {field!r} of {old['$id']} must stay required")
        if after is not None and after.get("type") != before.get("type"):
            raise IncompatibleSchema(
                f"schema {new['$id']}: field {field!r} must stay {before.get('type')!r}, not {after.get('type')!r}"
            )


def registered(envelopes: Iterable[Envelope]) -> Iterator[Envelope]:
    """Pass on messages of channels and versions that have a schema; raise IncompatibleSchema at the first other one."""
    for envelope in envelopes:
        schema_of(envelope.source, envelope.channel, envelope.schema_version)
        yield envelope


def check(source: str, channel: str, version: int, message: dict[str, Any], where: str = "") -> None:
    """Refuse a message that does not fit its schema; a field that the schema does not name passes.

    Raises IncompatibleSchema naming schema, field and rule, and `where` the message comes from.
    """
    try:
        _validator(source, channel, version)(message)
    except fastjsonschema.JsonSchemaValueException as error:
        name = schema_of(source, channel, version)["$id"]
        place = f"{where}: " if where else ""
        raise IncompatibleSchema(
            f"{place}schema {name}: {error.message} (rule {error.rule!r} is {error.rule_definition!r}); "
            f"register a new version that keeps the old fields"
        ) from error


@lru_cache(maxsize=64)
def _validator(source: str, channel: str, version: int) -> Callable[[dict[str, Any]], object]:
    validate: Callable[[dict[str, Any]], object] = fastjsonschema.compile(schema_of(source, channel, version))
    return validate
