"""Named places where a drill may kill the application; see tests/drills/kill.py.

TAYHO_FAILPOINT=<query>:<point>:<nth> kills at the nth visit of a place. The points of each query are after_offsets
(Spark's offset entry is written, work has begun), inside_write (part of the output is out, nothing committed) and
after_commit (the sink has everything, Spark's commit entry is not there). With several places, a comma between them,
each one waits where it is until all are reached: then one kill hits them all.
"""

import os
import shutil
import signal
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

# How long a place waits for the others, in seconds.
PATIENCE = 180

_reached: Counter[str] = Counter()


def _wanted() -> dict[str, int]:
    """Read the places where a drill wants a kill, and at which visit."""
    places = os.environ.get("TAYHO_FAILPOINT", "").split(",")
    return {place.rpartition(":")[0]: int(place.rpartition(":")[2]) for place in places if place}


def is_set(place: str) -> bool:
    """Say whether a drill wants a kill at this place."""
    return place in _wanted()


def reach(place: str, group: int = 0, wait: float = 0) -> None:
    """Kill a process group, our own by default, when a drill wants it at this place and this visit.

    `wait` seconds pass before, so that what was handed over on the way out is truly out.
    """
    if is_set(place):
        _reached[place] += 1
        if _reached[place] == _wanted()[place]:
            time.sleep(wait)
            _meet(place, group or os.getpgid(0))
            time.sleep(PATIENCE)
            os.killpg(group or os.getpgid(0), signal.SIGTERM)  # another place was never reached: no kill, no drill


def watch_commit_entries(query: str, checkpoint: Path) -> None:
    """Reach after_commit of the fold, whose sink is Spark's own: watch for drafts of commit entries from the nth on.

    The other queries reach their places by themselves.
    """
    if query == "fold" and is_set("fold:after_commit"):
        first = _wanted()["fold:after_commit"]
        threading.Thread(target=_kill_at_draft, args=(checkpoint / "commits", first), daemon=True).start()


def _kill_at_draft(commits: Path, first: int) -> None:
    """Wait until all other places are reached; then kill as soon as an entry has its draft and not yet its name."""
    others, here = _wanted().keys() - {"fold:after_commit"}, _meeting(os.getpgid(0))
    while not others <= {path.name for path in here.iterdir()}:
        time.sleep(0.01)
    shutil.rmtree(here)
    while True:
        names = {path.name for path in commits.iterdir()} if commits.is_dir() else set()
        drafts = {name.split(".")[1] for name in names if name.startswith(".") and ".crc" not in name}
        if any(batch.isdigit() and int(batch) >= first and batch not in names for batch in drafts):
            os.killpg(os.getpgid(0), signal.SIGKILL)
        time.sleep(0.0002)


def _meet(place: str, group: int) -> None:
    """Say that a place is reached, by a file of its name, and kill when all are."""
    here = _meeting(group)
    (here / place).touch()
    if {path.name for path in here.iterdir()} >= _wanted().keys():
        shutil.rmtree(here)
        os.killpg(group, signal.SIGKILL)


def _meeting(group: int) -> Path:
    """Give the folder where the places of a process group meet."""
    here = Path(tempfile.gettempdir()) / f"tayho_failpoint_{group}"
    here.mkdir(exist_ok=True)
    return here
