"""The live application as a process of its own on a broker of its own, for benches and drills that measure it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from spark_apps.lake.checkpoints import behind, committed
from spark_apps.lake.kafka import Record, end_offsets, fold_input, read_back
from spark_apps.lake.location import checkpoint
from spark_apps.lake.services import start_broker
from spark_apps.settings import Settings, load

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Running:
    """Hold the settings of the application, its process and its log."""

    settings: Settings
    process: subprocess.Popen[bytes]
    log: Path

    def await_start(self) -> None:
        """Wait until its queries run; end with its log where it died."""
        while not (self.settings.lake_root / "ops" / "runs").is_dir():
            self._refuse_death()
            time.sleep(0.5)

    def drain(self) -> None:
        """Wait until the fold has taken in all that fold_input holds now."""
        fold, wanted = checkpoint("fold", self.settings), self.ends(fold_input(self.settings.kafka))
        while behind(committed(fold), {fold_input(self.settings.kafka): wanted}):
            self._refuse_death()
            time.sleep(0.2)

    def stop(self) -> None:
        """Ask it to end, and end with its log where it ended in an error."""
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(120):
            raise SystemExit(self.log.read_text(encoding="utf-8"))

    def ends(self, topic: str) -> dict[int, int]:
        """Give the end of each partition of a topic."""
        return end_offsets(self.settings.kafka, [topic])[topic]

    def read(self, topic: str) -> list[Record]:
        """Read all records of a topic."""
        return [
            record
            for number, end in self.ends(topic).items()
            for record in read_back(self.settings.kafka, topic, number, 0, end)
        ]

    def _refuse_death(self) -> None:
        if self.process.poll() is not None:
            raise SystemExit(self.log.read_text(encoding="utf-8"))


@contextmanager
def broker_of(folder: Path, lateness: int) -> Iterator[Settings]:
    """Run a broker for the length of a block; give settings of a lake on it, `lateness` in market seconds."""
    broker = start_broker(folder / "broker")
    settings = load()
    kafka = settings.kafka.model_copy(update={"bootstrap_servers": broker.address})
    live = settings.live.model_copy(update={"lateness_seconds": lateness})
    try:
        yield settings.with_values(lake_root=folder / "lake", kafka=kafka, live=live)
    finally:
        broker.stop()


@contextmanager
def started(folder: Path, settings: Settings) -> Iterator[Running]:
    """Start the application and wait until its queries run; it ends with the block."""
    environment = {
        "PYSPARK_SUBMIT_ARGS": "--driver-memory 2g pyspark-shell",
        "TAYHO_LAKE_ROOT": str(settings.lake_root),
        "TAYHO_KAFKA__BOOTSTRAP_SERVERS": settings.kafka.bootstrap_servers,
        "TAYHO_LIVE__LATENESS_SECONDS": str(settings.live.lateness_seconds),
    }
    log = folder / "live.log"
    command = [sys.executable, "-m", "spark_apps.jobs.live"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ | environment, stdout=output, stderr=output)
    live = Running(settings, process, log)
    try:
        live.await_start()
        yield live
    finally:
        process.kill()


@contextmanager
def running(folder: Path, lateness: int) -> Iterator[Running]:
    """Run a broker and the application on it for the length of a block."""
    with broker_of(folder, lateness) as settings, started(folder, settings) as live:
        yield live
