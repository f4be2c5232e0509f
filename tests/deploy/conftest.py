"""The real gcloud, with a configuration of its own and no way to Google: it reaches a control plane in this process."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.control_plane import ControlPlane

APIS = ("CLOUDFUNCTIONS", "RUN", "CLOUDBUILD", "STORAGE", "CLOUDRESOURCEMANAGER", "SERVICEUSAGE", "ARTIFACTREGISTRY")


@pytest.fixture
def plane() -> Iterator[ControlPlane]:
    made = ControlPlane()
    yield made
    made.close()


@pytest.fixture
def gcloud(plane: ControlPlane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    return gcloud_for(plane, tmp_path, monkeypatch)


def gcloud_for(plane: ControlPlane, directory: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Its path. Where it is not installed such tests skip; with CI set they fail."""
    found = shutil.which("gcloud")
    if found is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("gcloud is not installed")
    token = directory / "token"
    token.write_text("an-access-token")
    settings = {
        "CLOUDSDK_CONFIG": str(directory / "gcloud"),
        "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": str(token),
        "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
        "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "1",
        "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "1",
        # gcloud puts the region before Cloud Run's host. As a proxy the control plane gets whatever is asked of any
        # host in plain http; all else it refuses, so nothing leaves this machine.
        **{f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{api}": f"http://{api.lower()}.test/" for api in APIS},
        **dict.fromkeys(("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"), plane.url),
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }
    for name in list(os.environ):
        if name.startswith("CLOUDSDK_"):
            monkeypatch.delenv(name)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    return found
