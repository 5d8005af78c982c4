"""A peer of a bench: a process of its own that makes what it is handed, watched while it does."""

import multiprocessing
import os
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

Factory = Callable[[], Callable[[Any], object]]


def serve(factory: Factory, door: Connection) -> None:
    """Make what comes through the door and answer with the seconds; runs in the peer's own process."""
    make = factory()
    for work in iter(door.recv, None):
        started = time.perf_counter()
        make(work)
        door.send(time.perf_counter() - started)


def family(root: int) -> list[Path]:
    """List the /proc folders of a process and its descendants."""
    try:
        found = [child for file in Path(f"/proc/{root}/task").glob("*/children") for child in file.read_text().split()]
    except OSError:  # it has ended
        return []
    return [Path(f"/proc/{root}"), *(folder for child in found for folder in family(int(child)))]


def used(root: int) -> tuple[int, float]:
    """Sum the resident sets, bytes, and the CPU seconds of a process, its descendants and those it has waited for."""
    pages, clocks = 0, 0
    for folder in family(root):
        try:
            pages += int((folder / "statm").read_text().split()[1])
            clocks += sum(map(int, (folder / "stat").read_text().rpartition(")")[2].split()[11:15]))
        except OSError:  # it has ended
            continue
    return pages * os.sysconf("SC_PAGE_SIZE"), clocks / os.sysconf("SC_CLK_TCK")


class Peer:
    """Hold one peer's process, its seconds on the clock and of CPU per round, and its peak memory."""

    def __init__(self, name: str, factory: Factory) -> None:
        self.name, self.seconds, self.cpu_seconds, self.peak = name, list[float](), list[float](), 0
        self.door, theirs = multiprocessing.Pipe()
        self.process = multiprocessing.get_context("spawn").Process(target=serve, args=(factory, theirs))
        self.process.start()
        theirs.close()

    def make(self, work: object) -> None:
        """Have one work made, and watch time and memory meanwhile."""
        _, before = used(self.process.pid or 0)
        self.door.send(work)
        while not self.door.poll(0.1):
            self.peak = max(self.peak, used(self.process.pid or 0)[0])
        self.seconds.append(self.door.recv())
        self.cpu_seconds.append(used(self.process.pid or 0)[1] - before)

    def stop(self) -> None:
        """End the process."""
        self.door.send(None)
        self.process.join()
