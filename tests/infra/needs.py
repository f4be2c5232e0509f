"""What a function can reach: database, bucket, queue, each secret. Read out of its code, from its handlers on.

The App is wired as in the cloud, with a marker in place of each outside thing. Then the source of each handler is
walked, and of all that it calls, with the real objects at hand: so `call.app.accounts.change` leads to that method of
that object, and from there to whatever its attributes are. All branches count, whatever they depend on. What a call
returns is followed too; a callback counts as called where it is handed over. Nothing of this runs any of the code.
"""

from functions.edge.authentication import authenticate, authenticate_platform
from functions.edge.endpoint import Call, Endpoint
from functions.runtime import settings
from functions.runtime.wiring import App
from tests.infra.values import Made, Outside, followed
from tests.infra.walk import Walk

CLOUD = {
    "K_SERVICE": "gmail-any",
    "PUBLIC_URL": "https://mail.example.com",
    "STORE_URL": "firestore://project/gmail",
    "BLOBS_URL": "gs://bucket",
    "TASKS_URL": "cloudtasks://project/europe-west1/gmail",
    "SECRETS_URL": "secretmanager://project",
    "GMAIL_CLIENT_ID": "secretmanager://project/gmail-client-id/versions/1",
    "GMAIL_CLIENT_SECRET": "secretmanager://project/gmail-client-secret/versions/1",
    "GMAIL_TOPIC": "projects/project/topics/gmail",
}


def uses(endpoint: Endpoint) -> set[str]:
    """The uses of functions.json that this function has."""
    walk, app, call = Walk(), followed(_app()), Made(Call)
    call.give("app", app)
    while walk.again():  # until nothing new comes into reach
        for route in endpoint.routes:
            if route.who.platform:
                walk.run(authenticate_platform, [{}, app])
            elif not route.who.anyone:
                walk.run(authenticate, [{}, app])
            walk.run(route.handler, [followed(call)])
    return walk.found - {"bucket-reading"} if "bucket" in walk.found else walk.found


def _app() -> App:
    app = App(settings.load(CLOUD))
    app.__dict__.update(
        documents=Outside("database"),
        blobs=Outside("bucket"),
        tasks=Outside("queue"),
        token_ring=Outside("gmail-token-key"),
        link_ring=Outside("gmail-link-key"),
        # Reached over the internet with tokens of their own, or empty in the cloud.
        **{name: Outside("") for name in ("gmail", "http", "google_tokens", "issuers", "local_api_key")},
        # Of a laptop: in the cloud the one is not found before the other is asked.
        **{name: Outside("") for name in ("local_blobs", "upload_links")},
    )
    return app
