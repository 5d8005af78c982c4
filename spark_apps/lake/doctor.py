"""What is missing on this machine, and how to mend it."""

import importlib.util
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from spark_apps.errors import BadSetting
from spark_apps.kernels import NATIVE
from spark_apps.settings import Settings, load

FREE_BYTES = 5 * 2**30
LAKE_JARS = (
    "delta-spark",
    "delta-storage",
    "spark-sql-kafka",
    "spark-token-provider-kafka",
    "kafka-clients",
    "commons-pool2",
    "hadoop-bare-naked-local-fs",
)


@dataclass(frozen=True)
class Check:
    """State one thing that Tayho needs: how to look for it, what goes wrong without it, how to mend it."""

    name: str
    look: Callable[[Settings], tuple[bool, str]]
    without: str
    mend: str


@dataclass(frozen=True)
class Finding:
    """Say how one check came out."""

    check: Check
    is_well: bool
    found: str


def _python(_: Settings) -> tuple[bool, str]:
    return sys.version_info[:2] == (3, 11), sys.version.split()[0]


def _java(_: Settings) -> tuple[bool, str]:
    if not shutil.which("java"):
        return False, "no java on PATH"
    answer = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', answer)
    return bool(version and int(version[1]) >= 17), answer.splitlines()[0] if answer else "no answer"


def _spark_jars(_: Settings) -> tuple[bool, str]:
    spec = importlib.util.find_spec("pyspark")
    if spec is None or spec.origin is None:
        return False, "pyspark is not installed"
    jars = Path(spec.origin).parent / "jars"
    found = {name: sorted(path.name for path in jars.glob(f"{name}*.jar")) for name in LAKE_JARS}
    missing = [name for name, files in found.items() if not files]
    if missing:
        return False, f"not among Spark's jars: {', '.join(missing)}"
    return True, ", ".join(files[0] for files in found.values())


def _broker_jars(settings: Settings) -> tuple[bool, str]:
    if settings.kafka.bootstrap_servers:
        return True, "none needed: a broker is named"
    found = sorted(path.name for path in Path("jars/broker").glob("kafka_2.13-*.jar"))
    return bool(found), ", ".join(found) or "jars/broker holds no Kafka"


def _kernels(settings: Settings) -> tuple[bool, str]:
    if NATIVE:
        return True, "C++ kernels"
    return settings.features.native_kernels != "required", "NumPy twins: right, but slower"


def _disk(settings: Settings) -> tuple[bool, str]:
    folder = next(
        path for path in (settings.lake_root.absolute(), *settings.lake_root.absolute().parents) if path.exists()
    )
    free = shutil.disk_usage(folder).free
    return free >= FREE_BYTES and os.access(
        folder, os.W_OK
    ), f"{free / 2**30:.0f} GiB free, {'' if os.access(folder, os.W_OK) else 'not '}writable"


def _broker(settings: Settings) -> tuple[bool, str]:
    addresses = [address for address in settings.kafka.bootstrap_servers.split(",") if address]
    if not addresses:
        return True, "none named: the run starts its own"
    for address in addresses:
        host, _, port = address.strip().rpartition(":")
        try:
            socket.create_connection((host, int(port)), timeout=3).close()
        except (OSError, ValueError) as error:
            return False, f"{address}: {error}"
    return True, ", ".join(addresses)


def _port(_: Settings) -> tuple[bool, str]:
    try:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return True, f"port {probe.getsockname()[1]} is free"
    except OSError as error:
        return False, str(error)


CHECKS = (
    Check(
        "python",
        _python,
        "The environment was locked for Python 3.11.",
        "Install Python 3.11, then `make run`.",
    ),
    Check(
        "java",
        _java,
        "Spark and the broker do not start.",
        "Install Java 17 or newer: `apt-get install openjdk-17-jre-headless`.",
    ),
    Check(
        "spark jars",
        _spark_jars,
        "Spark cannot read or write Delta tables, or not reach the broker.",
        "Run `make run` or `make test` once: set-up links the jars.",
    ),
    Check(
        "broker jars",
        _broker_jars,
        "No broker can be started beside the run.",
        "Run `make run` in the repository's folder, or name a broker in TAYHO_KAFKA__BOOTSTRAP_SERVERS.",
    ),
    Check(
        "kernels",
        _kernels,
        'The twins answer in place of C++, with a warning; with features.native_kernels = "required" nothing runs.',
        "Install a C++ compiler (`apt-get install g++`), then `touch pyproject.toml && make run`.",
    ),
    Check(
        "disk",
        _disk,
        "Tables and checkpoints cannot grow.",
        "Free 5 GiB below lake_root, or point TAYHO_LAKE_ROOT elsewhere.",
    ),
    Check(
        "free port",
        _port,
        "The broker finds no address to listen on.",
        "Stop what holds the ports of 127.0.0.1, or name a running broker.",
    ),
    Check(
        "broker",
        _broker,
        "The feed and the live application cannot reach the broker.",
        "Start the broker that TAYHO_KAFKA__BOOTSTRAP_SERVERS names, or empty the variable.",
    ),
)
SETTINGS = Check(
    "settings",
    lambda settings: (True, f"profile {settings.profile}"),
    "Nothing can start.",
    "Mend the key that is named; `tayho check-config` lists every key.",
)


def examine(profile: str | None = None) -> list[Finding]:
    """Look at everything; a profile that cannot be read is itself a finding."""
    try:
        settings = load(profile)
    except BadSetting as error:
        return [Finding(SETTINGS, is_well=False, found=str(error))]
    return [Finding(check, *check.look(settings)) for check in (SETTINGS, *CHECKS)]
