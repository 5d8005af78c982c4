"""Start what the lake needs as plain processes: today a Kafka broker from its jars. No pyspark here."""

import ctypes
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from spark_apps.errors import MissingTool, ServiceFailed

logger = structlog.get_logger(__name__)

ROOT = Path(__file__).parents[2]
BROKER_JARS = ROOT / "jars" / "broker"
CLUSTER_ID = "dGF5aG8tYnJva2VyLTAwMQ"  # base64 of the 16 bytes "tayho-broker-001", the form that Kafka asks for
PLACE = """
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
log.dirs={data}
"""
DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of Linux
LIBC = ctypes.CDLL(None)


@dataclass(frozen=True)
class Service:
    """Hold a process that we started, the leader of its own group: where it answers, and how to end it."""

    address: str
    process: subprocess.Popen[bytes]
    log: Path

    def stop(self, with_signal: signal.Signals = signal.SIGTERM) -> None:
        """End the process group and wait for it; SIGKILL after 30 seconds."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, with_signal)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def start_broker(folder: Path, port: int = 0, jars: Path = BROKER_JARS, seconds: float = 90) -> Service:
    """Start a KRaft broker on 127.0.0.1 with its data in `folder`, and wait until it answers.

    Port 0 takes a free one. The broker dies with the thread that starts it, however that ends: let it be the main one.
    Raise MissingTool for a missing Java, jar or port, ServiceFailed for a broker that dies or a folder that is held.
    """
    java = shutil.which("java")
    if java is None:
        raise MissingTool("java: not on PATH; the broker needs Java 17. Install a JRE, then run `tayho doctor`")
    if not list(jars.glob("kafka_*.jar")):
        raise MissingTool(f"{jars}: holds no kafka_*.jar. Run `make run` once with a network: it fetches the jars")
    folder.mkdir(parents=True, exist_ok=True)
    port, controller_port = _claim(port), _claim(0)
    properties, log = folder / "server.properties", folder / "broker.log"
    place = PLACE.format(port=port, controller_port=controller_port, data=folder / "data")
    command = [java, "-Xms256m", "-Xmx512m", "-XX:+UseG1GC", "-cp", f"{jars}/*"]
    format_data = ["kafka.tools.StorageTool", "format", "--ignore-formatted", "-t", CLUSTER_ID, "-c", str(properties)]
    with log.open("ab") as output:
        # Kafka takes its own lock after it has trimmed the metadata log; the broker inherits ours with its output.
        try:
            fcntl.flock(output, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ServiceFailed(f"{folder}: another run's broker holds it. Wait until it ends, or end it") from error
        properties.write_text((ROOT / "conf" / "broker.properties").read_text() + place)
        if subprocess.run([*command, *format_data], stdout=output, stderr=output, check=False).returncode:
            raise ServiceFailed(f"broker: its data folder could not be formatted. Read {log}, or remove {folder}")
        process = subprocess.Popen(
            [*command, "kafka.Kafka", str(properties)],
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=_die_with_parent,  # noqa: PLW1509 - one system call, nothing that a thread could hold
        )
    service = Service(f"127.0.0.1:{port}", process, log)
    try:
        _await_broker(service, seconds)
    except BaseException:
        service.stop(signal.SIGKILL)
        raise
    logger.info("broker_ready", address=service.address, pid=process.pid, log=str(log))
    return service


@contextmanager
def broker(folder: Path) -> Iterator[str]:
    """Run a broker for the length of a `with` block; give its address."""
    service = start_broker(folder)
    try:
        yield service.address
    finally:
        service.stop()


def _die_with_parent() -> None:
    """Ask Linux, in the new process, to kill it when its parent dies: a SIGKILL of ours leaves no broker behind."""
    if sys.platform == "linux":
        LIBC.prctl(DIE_WITH_PARENT, signal.SIGKILL)


def _claim(port: int) -> int:
    """Give the port, or a free one for 0; raise MissingTool when it is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise MissingTool(
                f"port {port or '(any)'} of 127.0.0.1: not free ({error}). End what holds it, or name a broker"
            ) from error
        return int(probe.getsockname()[1])


def _await_broker(service: Service, seconds: float) -> None:
    """Ask for the broker's metadata until it answers; raise ServiceFailed when it dies or stays silent."""
    client = AdminClient({"bootstrap.servers": service.address, "log_level": 0})
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if service.process.poll() is not None:
            raise ServiceFailed(f"broker: died with code {service.process.returncode} at start. Read {service.log}")
        try:
            client.list_topics(timeout=1)
            return
        except KafkaException:
            time.sleep(0.2)
    raise ServiceFailed(f"broker: no answer at {service.address} within {seconds:g} s. Read {service.log}")
