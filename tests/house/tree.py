"""The files of the repository that are committed or about to be, and their texts."""

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


@cache
def listed(*patterns: str) -> tuple[str, ...]:
    """Give the paths that match, tracked or new, without ignored ones."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return tuple(sorted(path for path in answer.stdout.splitlines() if (ROOT / path).is_file()))


def read(path: str) -> str:
    """Read one file of the tree; bytes that are no text are replaced."""
    return (ROOT / path).read_text(encoding="utf-8", errors="replace")
