"""What can be said of the compose files without an engine, and whether they agree with the settings."""

import json
import re
import tomllib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from spark_apps.cli import app
from spark_apps.scheduling import CONNECTION
from spark_apps.settings import OTHER_VARIABLES, variables
from tests.docker.test_images import SERVED

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docker"


def compose(name: str) -> dict[str, Any]:
    """Read one compose file."""
    read: dict[str, Any] = yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))
    return read


def merged(over: str) -> dict[str, Any]:
    """Lay an override over the services, one level deep."""
    services = compose("compose.yml")["services"]
    return {name: {**service, **compose(over)["services"].get(name, {})} for name, service in services.items()}


BASE = compose("compose.yml")
SERVICES: dict[str, dict[str, Any]] = BASE["services"]
OVERRIDES = ["compose.dev.yml", "compose.prod.yml"]


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_built_from_a_stage_that_exists(name: str) -> None:
    build = SERVICES[name]["build"]
    assert build["target"] in SERVED
    assert (FOLDER / build["context"] / build["dockerfile"]).is_file()


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_limits_a_restart_policy_and_a_read_only_root(name: str) -> None:
    service = SERVICES[name]
    assert {"cpus", "memory"} <= service["deploy"]["resources"]["limits"].keys()
    assert service["restart"] in {"unless-stopped", "on-failure"}
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert all("exec" in mount for mount in service["tmpfs"])


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_keeps_its_data_in_named_volumes(name: str) -> None:
    assert {volume.split(":")[0] for volume in SERVICES[name]["volumes"]} <= BASE["volumes"].keys()


@pytest.mark.parametrize("over", OVERRIDES)
def test_an_override_changes_services_that_exist_and_keeps_their_limits(over: str) -> None:
    assert compose(over)["services"].keys() <= SERVICES.keys()
    assert all("limits" in service["deploy"]["resources"] for service in merged(over).values())


def test_production_publishes_no_port_and_development_only_to_this_machine() -> None:
    assert not [name for name, service in merged("compose.prod.yml").items() if "ports" in service]
    ports = [port for service in merged("compose.dev.yml").values() for port in service.get("ports", [])]
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_the_services_that_the_settings_name_are_there() -> None:
    production = tomllib.loads((ROOT / "conf" / "prod.toml").read_text(encoding="utf-8"))
    hosts = {address.split(":")[0] for address in production["kafka"]["bootstrap_servers"].split(",")}
    assert hosts <= SERVICES.keys()
    named = {service["environment"].get("TAYHO_KAFKA__BOOTSTRAP_SERVERS") for service in SERVICES.values()}
    assert named - {None} == {production["kafka"]["bootstrap_servers"]}


def test_the_folders_that_the_settings_name_lie_in_the_volume() -> None:
    production = tomllib.loads((ROOT / "conf" / "prod.toml").read_text(encoding="utf-8"))
    mount = SERVICES["live"]["volumes"][0].split(":")[1]
    assert all(production[key].startswith(f"{mount}/") for key in ("lake_root", "landing_root", "report_root"))


def test_containers_set_only_variables_that_the_settings_know() -> None:
    texts = [path.read_text(encoding="utf-8") for path in (*FOLDER.glob("compose*.yml"), FOLDER / "Dockerfile")]
    named = {name for text in texts for name in re.findall(r"\bTAYHO_[A-Z_]+[A-Z]", text)}
    assert named <= set(variables()) | OTHER_VARIABLES


def test_every_secret_is_asked_for_and_none_has_a_default() -> None:
    text = (FOLDER / "compose.yml").read_text(encoding="utf-8")
    asked = set(re.findall(r"\$\{([A-Z_]+):\?", text))
    example = dict(re.findall(r"^([A-Z_]+)=(.*)$", (FOLDER / ".env.example").read_text(encoding="utf-8"), re.MULTILINE))
    assert asked == example.keys()
    assert set(example.values()) == {""}
    assert not re.findall(r"(?:PASSWORD|SECRET|KEY)[A-Z_]*: (?!\$\{)\S", text)


def test_every_command_of_ours_exists() -> None:
    commands = [service["command"] for service in SERVICES.values() if "command" in service]
    ours = {command[1] for command in commands if command[0] == "tayho"}
    modules = {command[2] for command in commands if command[:2] == ["python", "-m"]}
    assert ours <= {
        command.name or command.callback.__name__ for command in app.registered_commands if command.callback
    }
    assert [module for module in modules if find_spec(module) is None] == []


def test_the_feed_is_told_its_session() -> None:
    command = SERVICES["feed"]["command"]
    assert command[3::2] == ["--start", "--end"]
    assert len(set(command[4::2])) == 1


def test_services_wait_for_services_that_exist() -> None:
    waited = {name for service in SERVICES.values() for name in service.get("depends_on", {})}
    assert waited <= SERVICES.keys()


def test_airflow_knows_the_connection_that_the_tasks_name() -> None:
    environment = SERVICES["airflow-scheduler"]["environment"]
    assert json.loads(environment[f"AIRFLOW_CONN_{CONNECTION.upper()}"])["conn_type"] == "spark"
