"""Named places where a drill may kill the application; see tests/drills/kill.py.

TAYHO_FAILPOINT=<query>:<point>:<nth> kills at the nth visit of a place. The points of each query are after_offsets
(Spark's offset entry is written, work has begun), inside_write (part of the output is out, nothing committed) and
after_commit (the sink has everything, Spark's commit entry is not there).
"""

import os
import signal
import threading
import time
from collections import Counter
from pathlib import Path

_reached: Counter[str] = Counter()


def is_set(place: str) -> bool:
    """Say whether a drill wants a kill at this place."""
    return os.environ.get("TAYHO_FAILPOINT", "").rpartition(":")[0] == place


def reach(place: str, group: int = 0, wait: float = 0) -> None:
    """Kill a process group, our own by default, when a drill wants it at this place and this visit.

    `wait` seconds pass before, so that what was handed over on the way out is truly out.
    """
    if is_set(place):
        _reached[place] += 1
        if _reached[place] == int(os.environ["TAYHO_FAILPOINT"].rpartition(":")[2]):
            time.sleep(wait)
            os.killpg(group or os.getpgid(0), signal.SIGKILL)


def watch_commit_entries(query: str, checkpoint: Path) -> None:
    """Reach after_commit of the fold, whose sink is Spark's own: watch for the draft of its nth commit entry.

    The two other queries reach their places by themselves.
    """
    if query == "fold" and is_set("fold:after_commit"):
        batch = os.environ["TAYHO_FAILPOINT"].rpartition(":")[2]
        threading.Thread(target=_kill_at_draft, args=(checkpoint / "commits", batch), daemon=True).start()


def _kill_at_draft(commits: Path, batch: str) -> None:
    """Kill when an entry has its draft and not yet its name."""
    while True:
        names = [path.name for path in commits.iterdir()] if commits.is_dir() else []
        if batch not in names and any(name.startswith(f".{batch}.") for name in names):
            os.killpg(os.getpgid(0), signal.SIGKILL)
        time.sleep(0.0002)
