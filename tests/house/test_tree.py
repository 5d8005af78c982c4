"""What holds for every file: names, hosts, paths, locks and the versions that run."""

import re
import xml.etree.ElementTree as ET
from importlib.metadata import distributions
from pathlib import Path

import pyspark
import pytest

from tests.house.tree import ROOT, listed, read

BANNED = {"utils", "common", "helpers", "misc", "base", "core", "manager", "handler"}
PLACES = re.compile(r"/(?:work|root|home/\w+|Users/\w+)/")
HOSTS = re.compile(
    r"https?://[\w.-]*(?:pypi|pythonhosted|maven|npmjs|artifactory|nexus|sonatype)[\w.-]*", re.IGNORECASE
)
PIN = re.compile(r"^([a-z0-9._-]+)==([^ ;\\]+)", re.MULTILINE)


def banned_names(paths: tuple[str, ...]) -> list[str]:
    """Give the paths with a part that says nothing about what it holds."""
    return [path for path in paths if BANNED & {word for part in Path(path).parts for word in re.split(r"[._]", part)}]


def places_in(text: str) -> list[str]:
    """Give what names a folder of one machine, or the host of a registry."""
    return PLACES.findall(text) + HOSTS.findall(text)


def jars_in_lock(*configurations: str) -> set[str]:
    """Give the file names of the jars that jars/ivy.xml locks."""
    dependencies = ET.fromstring(read("jars/ivy.xml")).iter("dependency")
    wanted = {f"{name}->default" for name in configurations}
    return {f"{jar.get('name')}-{jar.get('rev')}.jar" for jar in dependencies if jar.get("conf") in wanted}


def test_no_file_or_folder_has_an_empty_name() -> None:
    assert banned_names(listed()) == []
    assert banned_names(("spark_apps/utils/x.py", "tests/row_helpers.py")) != []


def test_no_file_names_a_folder_of_a_machine_or_a_registry() -> None:
    found = {path: places_in(read(path)) for path in listed() if path != "tests/house/test_tree.py"}
    assert {path: places for path, places in found.items() if places} == {}
    assert len(places_in("/home/somebody/x, https://repo1.maven.example/x")) == 2


def without_hash(lock: str) -> list[str]:
    """Name the pins of a lock that carry no hash of their own."""
    pins = re.split(r"^(?=\S+==)", lock, flags=re.MULTILINE)[1:]
    return [pin.split("==")[0] for pin in pins if "--hash=sha256:" not in pin]


@pytest.mark.parametrize("lock", listed("locks/*.txt"))
def test_each_pin_of_a_lock_has_hashes_and_names_no_host(lock: str) -> None:
    text = read(lock)
    assert "://" not in text
    assert PIN.findall(text)
    assert without_hash(text) == []


def test_a_pin_without_a_hash_is_named() -> None:
    assert without_hash("a==1 \\\n    --hash=sha256:0\nb==2\n    # via a\nc==3 \\\n    --hash=sha256:1\n") == ["b"]


def test_what_is_installed_is_what_the_lock_names() -> None:
    locked = set(PIN.findall(read("locks/lake.txt")))
    installed = {(re.sub(r"[._-]+", "-", dist.name.lower()), dist.version) for dist in distributions()}
    assert {name for name, _ in installed - locked} == {"tayho"}


def test_spark_runs_with_the_jars_that_the_lock_names() -> None:
    folder = Path(pyspark.__file__).parent / "jars"
    linked = {path.name for path in folder.iterdir() if path.is_symlink()}
    assert linked == jars_in_lock("lake")
    assert (folder / f"spark-core_2.13-{pyspark.__version__}.jar").is_file()


def test_starting_services_takes_at_most_120_lines_without_blank_ones() -> None:
    assert sum(bool(line.strip()) for line in read("spark_apps/lake/services.py").splitlines()) <= 120


def test_every_jar_has_its_sum() -> None:
    summed = {Path(line.split()[1]).name for line in read("jars/SHA256SUMS").splitlines()}
    assert summed == jars_in_lock("lake", "broker")


def test_the_broker_has_the_jars_that_the_lock_names() -> None:
    assert {path.name for path in (ROOT / "jars" / "broker").glob("*.jar")} == jars_in_lock("broker")
