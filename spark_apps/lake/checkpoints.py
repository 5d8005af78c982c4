"""What a stream's checkpoint says: how far it has come, and whether it may go on with what it finds."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spark_apps.errors import StateMismatch

Offsets = dict[str, dict[int, int]]


def fingerprint_file(checkpoint: Path) -> Path:
    """Name the file beside a checkpoint that says for which topics, partitions and state it was made."""
    return checkpoint.with_name(f"{checkpoint.name}.fingerprint.json")


def read_fingerprint(checkpoint: Path) -> dict[str, Any]:
    """Read the fingerprint beside a checkpoint; empty where there is none."""
    path = fingerprint_file(checkpoint)
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}


def claim(checkpoint: Path, fingerprint: Mapping[str, Any]) -> None:
    """Write the fingerprint of a new checkpoint; raise StateMismatch where an old one was made for something else.

    A topic may join those that a checkpoint reads: it is read from its head. None may leave or be made anew.
    """
    found = read_fingerprint(checkpoint)
    if not found and checkpoint.exists():
        raise StateMismatch(f"{checkpoint} has no fingerprint beside it: {_next_step(checkpoint)}")
    wrong = [
        f"{name} was {found.get(name)!r}, is {value!r}"
        for name, value in fingerprint.items()
        if not _goes_on(name, found.get(name), value)
    ]
    if found and wrong:
        raise StateMismatch(f"{checkpoint} was made for something else: {'; '.join(wrong)}. {_next_step(checkpoint)}")
    path = fingerprint_file(checkpoint)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(fingerprint, sort_keys=True, indent=1), encoding="utf-8")
    draft.replace(path)


def _goes_on(name: str, before: Any, now: Any) -> bool:
    has_grown = name == "topic_ids" and isinstance(before, dict) and before.items() <= now.items()
    return has_grown or bool(before == now)


def claimed(checkpoint: Path) -> dict[int, dict[str, Any]]:
    """Give the fingerprint of every generation that a query was started in, by number."""
    numbers = [path.name.split(".")[0] for path in checkpoint.parent.glob("*.fingerprint.json")]
    return {int(number): read_fingerprint(checkpoint.with_name(number)) for number in numbers}


def open_batch(checkpoint: Path) -> int:
    """Give the batch that has an offset entry and no commit entry; -1 where there is none."""
    begun, done = newest(checkpoint / "offsets"), newest(checkpoint / "commits")
    return begun if begun > done else -1


def is_at_rest(checkpoint: Path) -> bool:
    """Say whether a query has begun there, and ended the last batch that it began."""
    return open_batch(checkpoint) < 0 <= newest(checkpoint / "commits")


def _next_step(checkpoint: Path) -> str:
    generation = int(checkpoint.name)
    return f"Undo the change, or start generation {generation + 1} (TAYHO_LIVE__GENERATION={generation + 1})"


def newest(folder: Path) -> int:
    """Give the number of the newest entry of a checkpoint's `offsets` or `commits`; -1 where there is none."""
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    return max((int(name) for name in names if name.isdigit()), default=-1)


def committed(checkpoint: Path) -> Offsets:
    """Give the offset behind the last record of the last committed batch, per topic and partition."""
    batch = newest(checkpoint / "commits")
    if batch < 0:
        return {}
    # An offset entry is a version line, a metadata line, then one JSON line per source.
    lines = (checkpoint / "offsets" / str(batch)).read_text(encoding="utf-8").splitlines()
    return {
        topic: {int(number): offset for number, offset in parts.items()}
        for topic, parts in json.loads(lines[2]).items()
    }


def behind(reached: Offsets, wanted: Offsets) -> int:
    """Count the records that are wanted and not yet reached."""
    return sum(
        max(0, offset - reached.get(topic, {}).get(number, 0))
        for topic, numbers in wanted.items()
        for number, offset in numbers.items()
    )
