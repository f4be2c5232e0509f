"""`make deploy`, with the real gcloud against a control plane in this process."""

import json
import subprocess
from functools import cache
from pathlib import Path

import pytest

from scripts.deploy import __main__ as deploying
from scripts.deploy import commands, smoke, source
from scripts.deploy.commands import Place
from tests.deploy.control_plane import PROJECT, REGION, ControlPlane

pytestmark = pytest.mark.usefixtures("gcloud")

PLACE = Place(PROJECT, REGION)
HERE = ["--project", PROJECT, "--region", REGION]


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smoke, "PAUSE", 0)


@pytest.fixture
def listed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a checkout that stays as it is, gcloud is asked for the files only once."""
    monkeypatch.setattr(source, "files", cache(source.files))


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """A checkout of one file, since what is uploaded is not the question here."""
    made = tmp_path / "checkout"
    made.mkdir()
    (made / "main.py").write_text("def send(request):\n    return ''\n")
    (made / "requirements.txt").write_text("")
    (made / ".gcloudignore").write_text("/secret.txt\n")
    (made / "secret.txt").write_text("x")
    return made


def make(plane: ControlPlane, *names: str) -> None:
    for function in commands.table(names):
        plane.make(function.name, function.prefix, function.routes[0])


def test_every_function_is_deployed_by_commands_that_gcloud_takes(
    plane: ControlPlane, code: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(plane)

    assert deploying.main([*HERE, "--version", "0123abc"], code) == 0, capsys.readouterr().err

    for function in commands.table():
        ((query, body),) = plane.sent("PATCH", f"/functions/{function.service}")
        # Nothing that is Terraform's: neither memory nor environment nor invokers.
        assert set(query["updateMask"][0].split(",")) == {
            "build_config.source",
            "build_config.runtime",
            "build_config.entry_point",
            "labels",
            "service_config.all_traffic_on_latest_revision",
        }
        assert body["buildConfig"]["entryPoint"] == function.name
        assert body["buildConfig"]["runtime"] == "python313"
        assert body["labels"]["version"] == "0123abc"
    assert not [path for _, path, _, _ in plane.calls if "IamPolicy" in path]
    assert sorted(plane.files()) == [".gcloudignore", "main.py", "requirements.txt"]


@pytest.mark.usefixtures("listed_once")
def test_what_runs_already_is_left_alone(plane: ControlPlane, code: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make(plane, "send", "list")
    chosen = [*HERE, "--function", "send", "--function", "list"]

    assert deploying.main(chosen, code) == 0
    plane.functions["gmail-list"].labels["source"] = "something else"
    plane.calls.clear()
    assert deploying.main([*chosen, "--dry-run"], code) == 0
    assert "gmail-list" in (printed := capsys.readouterr().out)
    assert "gmail-send" not in printed
    assert deploying.main(chosen, code) == 0
    assert [path for method, path, _, _ in plane.calls if method == "PATCH"] == [
        f"/v2/projects/{PROJECT}/locations/{REGION}/functions/gmail-list"
    ]


def test_a_dry_run_prints_commands_and_changes_nothing(
    plane: ControlPlane, code: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(plane, "send")

    assert deploying.main([*HERE, "--function", "send", "--dry-run"], code) == 0

    assert capsys.readouterr().out.startswith("gcloud functions deploy gmail-send --gen2 ")
    assert {method for method, _, _, _ in plane.calls} == {"GET"}


@pytest.mark.usefixtures("listed_once")
def test_a_release_that_fails_its_smoke_test_is_taken_back_whole(
    plane: ControlPlane, code: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(plane, "send", "list")
    before = {name: function.traffic for name, function in plane.functions.items()}
    plane.broken = {"gmail-send"}
    chosen = [*HERE, "--function", "send", "--function", "list"]

    assert deploying.main(chosen, code) == 1

    assert {name: function.traffic for name, function in plane.functions.items()} == before
    said = capsys.readouterr().err
    assert "503 from gmail-send-00002-abc, expected gmail-send-00002-abc" in said
    assert "gmail-send: back on gmail-send-00001-abc" in said

    # Though the labels name this code, it is not what runs: mended, it is deployed, and gets the traffic.
    plane.broken = set()
    assert deploying.main([*HERE, "--function", "send"], code) == 0
    assert plane.functions["gmail-send"].traffic == "gmail-send-00003-abc"


def test_a_build_that_fails_takes_the_release_back(
    plane: ControlPlane, code: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(plane, "send")
    plane.build_fails = {"gmail-send"}

    assert deploying.main([*HERE, "--function", "send"], code) == 1

    assert plane.functions["gmail-send"].traffic == "gmail-send-00001-abc"
    assert "Build failed: requirements.txt" in capsys.readouterr().err


def test_functions_that_terraform_has_not_made_are_named(
    plane: ControlPlane, code: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(plane, "send")

    assert deploying.main([*HERE, "--function", "send", "--function", "list"], code) == 1
    assert "Not there: gmail-list" in capsys.readouterr().err
    assert {method for method, _, _, _ in plane.calls} == {"GET"}


def test_a_function_that_does_not_exist_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert deploying.main([*HERE, "--function", "sned"]) == 1
    assert "There is no function sned" in capsys.readouterr().err


@pytest.mark.parametrize("function", commands.table(), ids=lambda function: function.name)
def test_the_smoke_test_takes_the_answer_of_the_expected_revision_only(
    function: commands.Function, plane: ControlPlane
) -> None:
    plane.make(function.name, function.prefix, function.routes[0])
    waited: list[float] = []

    assert smoke.check(function, plane.url, f"{function.service}-00001-abc", waited.append) == ""
    assert not waited
    assert "expected other" in smoke.check(function, plane.url, "other", waited.append)
    assert len(waited) == smoke.TRIES - 1


def test_nobody_answering_is_a_failure() -> None:
    (send,) = commands.table(["send"])
    assert "no answer" in smoke.check(send, "http://127.0.0.1:9", "r", lambda _: None)


def test_the_digest_is_of_names_and_contents(code: Path) -> None:
    def digest() -> str:
        return source.digest(code, source.files(code))

    first = digest()
    (code / "secret.txt").write_text("not uploaded")
    assert digest() == first
    (code / "main.py").rename(code / "other.py")
    assert digest() != first


def test_commands_can_be_read_by_a_shell_without_gcloud() -> None:
    """They are lists of words: nothing is quoted twice, and a label has only what labels may have."""
    (send,) = commands.table(["send"])
    command = commands.deploy(send, PLACE, Path("/a b"), {"version": "1", "source": "2"})
    echoed = subprocess.run(["/bin/echo", *command], capture_output=True, text=True, check=True).stdout
    assert "--update-labels=source=2,version=1" in echoed
    assert "--source=/a b" in command
    assert json.dumps(command)
