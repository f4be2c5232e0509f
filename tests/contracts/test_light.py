"""What a cold start is spared: a secret is read, and a task enqueued, without any of Google's client libraries."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.adapters.metadata import Metadata
from tests.contracts.fake_cloud_tasks import FakeCloudTasks
from tests.contracts.fake_secret_manager import FakeSecretManager

ROOT = Path(__file__).parents[2]
HEAVY = ("google.api_core", "google.auth", "google.cloud", "google.protobuf", "googleapiclient", "grpc", "requests")
# The adapters as the functions wire them; but the pretended servers are in Google's place.
DO = """
import json, os, sys
from functions.adapters import cloud_tasks, secret_manager
from functions.runtime.settings import load
from functions.runtime.wiring import App
tasks, secrets = sys.argv[1:]
cloud_tasks.CloudTasks.__init__.__kwdefaults__["root"] = tasks
secret_manager.SecretManagerSecrets.__init__.__kwdefaults__["root"] = secrets
app = App(load(os.environ))
assert app.secret_value(app.settings.client_secret) == "secret"
app.tasks.enqueue("own_a", "snd_a")
print(json.dumps(sorted(sys.modules)))
"""


def test_a_secret_is_read_and_a_task_enqueued_without_a_client_library(
    fake_secret_manager: FakeSecretManager, metadata: Metadata
) -> None:
    fake_secret_manager.secrets["projects/p/secrets/client"] = [b"old\n", b"secret\n"]
    queue = FakeCloudTasks()
    environ = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "K_SERVICE": "gmail-send",
        "GCE_METADATA_HOST": metadata.host,
        "PUBLIC_URL": "https://mail.example.com",
        "STORE_URL": "firestore://p/d",
        "BLOBS_URL": "gs://b",
        "TASKS_URL": "cloudtasks://p/here/q",
        "SECRETS_URL": "secretmanager://p",
        "GMAIL_CLIENT_ID": "id",
        "GMAIL_CLIENT_SECRET": "secretmanager://p/client/versions/latest",
    }
    try:
        arguments = [sys.executable, "-c", DO, queue.url, fake_secret_manager.url]
        done = subprocess.run(arguments, env=environ, capture_output=True, text=True, timeout=60, check=False)
    finally:
        queue.close()
    assert done.returncode == 0, done.stderr
    assert queue.bodies() == [{"send": "own_a/snd_a"}]
    assert {*queue.tokens, *fake_secret_manager.tokens} == {"ya29.1"}  # one token does for all
    loaded = json.loads(done.stdout)
    # `google.cloud` by itself is an empty namespace that an installed .pth file makes in every process.
    assert [name for name in HEAVY if any(m.startswith(f"{name}.") for m in loaded)] == []
