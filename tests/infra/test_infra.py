"""Terraform's files against the code: what both must agree on, looked at without Terraform."""

import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import pytest

from functions.adapters import cloud_storage, cloud_tasks
from functions.domain.owners import LONGEST_DAYS
from functions.domain.send_times import SEND_AT_LIMIT
from functions.runtime import events, settings
from scripts.deploy import commands

INFRA = Path(__file__).parents[2] / "infra"
TABLE: list[dict[str, Any]] = json.loads((INFRA / "functions.json").read_text())
TERRAFORM = {path.name: path.read_text() for path in sorted(INFRA.glob("*.tf"))}
ROWS = {row["name"]: row for row in TABLE}


# Another resource, or a local value.
REFERENCE = r"\b((?:google|time)_\w+\.\w+|local\.\w+)"


def blocks() -> dict[str, str]:
    """The text of each resource, and of each local value, by how others name it."""
    found = {}
    for text in TERRAFORM.values():
        for kind, name, body in re.findall(r'^resource "(\w+)" "(\w+)" \{\n(.*?)^\}', text, re.MULTILINE | re.DOTALL):
            found[f"{kind}.{name}"] = body
        for values in re.findall(r"^locals \{\n(.*?)^\}", text, re.MULTILINE | re.DOTALL):
            for name, body in re.findall(r"^  (\w+) += (.*?)(?=^  \w+ += |\Z)", values, re.MULTILINE | re.DOTALL):
                found[f"local.{name}"] = body
    return found


def source(module: Any) -> str:
    return Path(module.__file__).read_text()


@pytest.mark.parametrize("row", TABLE, ids=list(ROWS))
def test_a_row_has_everything_that_a_function_needs(row: dict[str, Any]) -> None:
    assert list(row) == [
        "name", "prefix", "routes", "callers", "memory_mib", "cpu", "concurrency", "timeout_seconds",
        "min_instances", "max_instances", "uses",
    ]  # fmt: skip
    assert 0 <= row["min_instances"] <= row["max_instances"]
    assert row["memory_mib"] in (256, 512, 1024, 2048)
    assert len(f"gmail-{row['name']}") <= 30  # a service account's id


def test_no_two_paths_of_the_gateway_differ_in_a_parameters_name_only() -> None:
    """It could not tell them apart. `{}` names a parameter, and nothing else stands in that segment."""
    paths = {f"{row['prefix']}{route.split(' ')[1]}".rstrip("/") for row in TABLE for route in row["routes"]}

    assert len({re.sub(r"\{\w+\}", "{}", path) for path in paths}) == len(paths)
    assert all(re.fullmatch(r"(/([a-z0-9._-]+|\{[a-z_]+\}))*", path.lower()) for path in paths)


def test_everything_waits_until_the_apis_are_there() -> None:
    """In an empty project, whatever does not is refused. Directly, or by what it is made of."""
    leads = {name: set(re.findall(REFERENCE, body)) for name, body in blocks().items()}
    begin = {"time_sleep.services", "google_project_service.this"}
    assert begin <= set(leads)

    late = set(begin)
    while more := {name for name, others in leads.items() if name not in late and others & late}:
        late |= more
    assert {name for name in leads if name.startswith(("google_", "time_"))} - late == set()


def test_alerts_wait_until_their_metrics_are_known() -> None:
    waiting = {name for name, body in blocks().items() if re.search(r"depends_on += \[time_sleep.metrics\]", body)}
    counted = {name for name, body in blocks().items() if "local.logged" in body or "local.alerts" in body}

    assert "google_monitoring_alert_policy.this" in counted
    assert counted - {"local.alerts", "local.charts"} - waiting == set()


def test_a_new_project_has_room_for_each_function() -> None:
    """Cloud Run refuses a service that could outgrow the project's quota in a region: 20 vCPU and 40 GiB at first."""
    for row in TABLE:
        assert row["max_instances"] * row["cpu"] <= 20, row["name"]
        assert row["max_instances"] * row["memory_mib"] <= 40 * 1024, row["name"]


def test_only_what_deployments_own_is_ignored() -> None:
    """Anything else that somebody changed by hand has to come back with the next apply."""
    (ignored,) = re.findall(r"ignore_changes = \[(.*?)\n    \]", TERRAFORM["functions.tf"], re.DOTALL)
    others = "".join(text for name, text in TERRAFORM.items() if name != "functions.tf")

    assert re.findall(r"^\s+([^#\s]+),", ignored, re.MULTILINE) == [
        "build_config[0].source",
        "service_config[0].all_traffic_on_latest_revision",
    ]
    assert "ignore_changes" not in others


def test_a_deployment_passes_nothing_that_terraform_owns() -> None:
    command = commands.deploy(commands.table()[0], commands.Place("p", "r"), Path(), {"version": "x"})
    flags = {argument.partition("=")[0] for argument in command if argument.startswith("--")}

    assert flags == {
        "--gen2", "--project", "--region", "--quiet", "--format",  # which, and how to talk
        "--source", "--serve-all-traffic-latest-revision", "--update-labels",  # its own
        "--runtime", "--entry-point",  # Terraform's, repeated: gcloud wants them with each source
    }  # fmt: skip
    assert f'runtime           = "{commands.RUNTIME}"' in TERRAFORM["functions.tf"]


def test_functions_get_the_settings_that_the_cloud_wants() -> None:
    given = re.findall(r"^    ([A-Z_]+)\s+= ", TERRAFORM["functions.tf"].split("settings = {")[1], re.MULTILINE)
    with pytest.raises(settings.SettingsError) as missing:
        settings.load({"K_SERVICE": "gmail-send"})

    wanted = {line.split(" ")[0] for line in str(missing.value).splitlines()}
    assert wanted <= set(given)
    assert len(given) == len(set(given))
    assert set(given) - {"MALLOC_ARENA_MAX", "THREADS"} <= set(re.findall(r'"([A-Z_]+)"', source(settings)))


def test_the_page_says_of_each_setting_that_terraform_leaves_out_why() -> None:
    """And of none that it sets: page, Settings and Terraform know the same names."""
    page = (INFRA.parent / "docs" / "quick-reference.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([A-Z_]+)` \| .* \| (.*) \|$", page.split("## Settings")[1].split("## ")[0], re.MULTILINE)
    given = set(re.findall(r"^    ([A-Z_]+)\s+= ", TERRAFORM["functions.tf"].split("settings = {")[1], re.MULTILINE))
    left_out = "no need to set it|refused|not set|set by the platform|^`official`"

    assert {name for name, _ in rows} <= set(re.findall(r'"([A-Z_]+)"', source(settings)))
    assert {name for name, cloud in rows if not re.search(left_out, cloud)} == given - {"MALLOC_ARENA_MAX", "THREADS"}


def test_what_is_counted_in_the_logs_is_written_there() -> None:
    counted = set(re.findall(r'jsonPayload\.event=\\"(\w+)\\"', TERRAFORM["logging.tf"]))
    written = set(re.findall(r'_line\(.*?, "(\w+)", ', source(events)))

    assert counted
    assert counted <= written
    for name in re.findall(r"EXTRACT\(jsonPayload\.(\w+)\)", TERRAFORM["logging.tf"]):
        assert f'"{name}":' in source(events)


def test_a_browser_may_send_the_headers_that_are_signed() -> None:
    (allowed,) = re.findall(r"response_header = (\[.*\])", TERRAFORM["bucket.tf"])
    signed = set(re.findall(r'"(x-goog-[a-z-]+)":', source(cloud_storage)))

    assert set(json.loads(allowed)) == signed | {"Content-Type"}


def test_files_outlive_every_send_that_could_need_them() -> None:
    assert f"age            = 2 * ({SEND_AT_LIMIT.days} + {LONGEST_DAYS})" in TERRAFORM["bucket.tf"]


def test_a_delivery_has_the_time_that_its_task_has() -> None:
    assert ROWS["deliver"]["timeout_seconds"] == cloud_tasks.DEADLINE.total_seconds()
    assert ROWS["notify"]["timeout_seconds"] <= 600  # Pub/Sub's longest acknowledgement deadline


@pytest.mark.parametrize("name", ["deliver", "notify", "sweep"])
def test_a_stranger_who_is_refused_leaves_room_for_the_platform(name: str) -> None:
    """The gateway passes their calls on, too: whoever is slow must not have the only place."""
    assert ROWS[name]["concurrency"] >= 20
    assert ROWS[name]["max_instances"] >= 2


def test_a_file_that_is_made_while_it_is_read_has_the_time_of_a_long_one() -> None:
    exporting = [row for row in TABLE if any(route.endswith("/export/") for route in row["routes"])]

    assert {row["name"]: row["timeout_seconds"] for row in exporting} == {"history": 300, "suppressions": 300}


@pytest.mark.parametrize("name", list(ROWS))
def test_before_the_first_deployment_every_function_says_so(name: str) -> None:
    spec = importlib.util.spec_from_file_location("bootstrap", INFRA / "bootstrap" / "main.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    body, status, headers = getattr(module, name)(None)

    assert (status, headers["Content-Type"]) == (503, "application/problem+json")
    assert json.loads(body)["code"] == "unavailable"
    assert not hasattr(module, "__path__")


def test_the_files_are_short_enough_to_be_read() -> None:
    assert {name: text.count("\n") for name, text in TERRAFORM.items() if text.count("\n") > 250} == {}
