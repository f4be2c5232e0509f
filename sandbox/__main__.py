"""`python -m sandbox`: starts the pretend Google."""

import argparse
import os
import shutil
import tempfile
from functools import partial
from pathlib import Path

from sandbox.app import create_app
from sandbox.server import SandboxServer
from sandbox.state import DEFAULT_CLIENT_SECRET, Client


def main() -> None:
    given = _arguments()
    public_url = (given.public_url or f"http://localhost:{given.port}").rstrip("/")
    client = Client(given.client_id, given.client_secret)
    data = given.data or Path(tempfile.mkdtemp(prefix="pretend-google-"))
    data.mkdir(parents=True, exist_ok=True)
    starter = os.getpid()
    try:
        application = partial(create_app, data.resolve(), public_url, client, given.push_url)
        SandboxServer(given.host, given.port, application, public_url, given.with_parent).run()
    finally:
        # The forked worker comes through here too.
        if given.data is None and os.getpid() == starter:
            shutil.rmtree(data, ignore_errors=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox", description="A pretend Google: OAuth, the Gmail API, and its readers' inboxes."
    )
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--data", type=Path, metavar="DIR", help="keep tokens and mail here; forgotten without")
    parser.add_argument("--public-url", metavar="URL", help="how others reach it (default: http://localhost:PORT)")
    parser.add_argument("--push-url", metavar="URL", default="", help="where changes of watched mailboxes are told")
    parser.add_argument("--client-id", help="accept only this OAuth client (default: any)")
    parser.add_argument("--client-secret", default=DEFAULT_CLIENT_SECRET, help="default: %(default)s")
    parser.add_argument("--with-parent", action="store_true", help="end when the starting process ends")
    return parser.parse_args()


if __name__ == "__main__":
    main()
