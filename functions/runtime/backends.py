"""Adapters chosen by URL, made when first used: a function pays only for what it touches.

Nothing here is created at import: the server forks after the functions are loaded, and clients don't survive a fork.
"""

import os
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from functions.domain import ids
from functions.runtime.lazy import later, once
from functions.runtime.settings import SECRET_REFERENCE, Settings

if TYPE_CHECKING:
    from functions.adapters.file_blobs import FileBlobs
    from functions.adapters.firestore import Calls
    from functions.adapters.google_access import GoogleAccess
    from functions.adapters.http import Http
    from functions.adapters.oidc import IdTokens
    from functions.adapters.read_ahead import ReadAhead
    from functions.adapters.sealing import KeyRing
    from functions.adapters.upload_links import UploadLinks
    from functions.domain.google_ports import Gmail, OAuthClient
    from functions.domain.ports import Blobs, Documents, Secrets

TOKEN_KEY = "gmail-token-key"  # noqa: S105 - the secret's name
LINK_KEY = "gmail-link-key"
LOCAL_KEY = "gmail-local-api-key"


class Backends:
    """Clock, randomness and the outside systems."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._secret_values: dict[str, str] = {}
        self.lock = threading.RLock()

    def clock(self) -> datetime:
        return datetime.now(UTC)

    def random(self, size: int) -> bytes:
        return os.urandom(size)

    def new_id(self, prefix: str) -> str:
        return ids.random_id(prefix, self.random)

    # Stores

    @once
    def documents(self) -> "ReadAhead":
        from functions.adapters.read_ahead import ReadAhead

        return ReadAhead(self._store())

    def _store(self) -> "Documents":
        from functions.adapters.declared_indexes import declared

        scheme, _, rest = self.settings.store_url.partition("://")
        if scheme == "firestore":
            from functions.adapters.firestore import FirestoreDocuments

            project, _, database = rest.partition("/")
            name = f"Firestore database {database} of project {project}"
            return FirestoreDocuments(self._firestore(project, database), name, declared())
        from functions.adapters.sqlite import SqliteDocuments

        return SqliteDocuments(rest.removeprefix("/"), declared())

    def _firestore(self, project: str, database: str) -> "Calls":
        if self.settings.official_clients:
            from functions.adapters.firestore_official import OfficialCalls

            return OfficialCalls(project, database)
        from functions.adapters.firestore_direct import DirectCalls

        return DirectCalls(project, database, self.http, self.google_access, self.settings.firestore_emulator)

    @once
    def blobs(self) -> "Blobs":
        # Most messages are small, and lie in documents: only the others pay for Cloud Storage's library.
        return later(self._bucket) if self.settings.blobs_url.startswith("gs://") else self.local_blobs

    def _bucket(self) -> "Blobs":
        from functions.adapters.cloud_storage import CloudStorageBlobs

        return CloudStorageBlobs(self.settings.blobs_url.removeprefix("gs://"))

    @once
    def local_blobs(self) -> "FileBlobs":
        """Raises NotFound in the cloud, where what does not pass through a function goes to the bucket itself."""
        from functions.adapters.file_blobs import FileBlobs
        from functions.domain.errors import NotFound

        scheme, _, directory = self.settings.blobs_url.partition(":")
        if scheme != "file":
            raise NotFound("There is nothing at this path.")
        return FileBlobs(directory, lambda *what: self.upload_links.sign(*what))

    @once
    def upload_links(self) -> "UploadLinks":
        from functions.adapters.upload_links import UploadLinks

        return UploadLinks(self.link_ring, f"{self.settings.public_url}/api/gmail/attachments/upload/", self.clock)

    @once
    def secrets(self) -> "Secrets":
        url = self.settings.secrets_url
        if url.startswith("secretmanager://"):
            return self._secret_manager(url.removeprefix("secretmanager://"))
        from functions.adapters.file_secrets import FileSecrets

        return FileSecrets(url.removeprefix("file:"))

    def _secret_manager(self, project: str) -> "Secrets":
        if self.settings.official_clients:
            from functions.adapters.secret_manager_official import OfficialSecretManager

            return OfficialSecretManager(project)
        from functions.adapters.secret_manager import SecretManagerSecrets

        return SecretManagerSecrets(project, http=self.http, access=self.google_access)

    @once
    def token_ring(self) -> "KeyRing":
        return self._ring(TOKEN_KEY)

    @once
    def link_ring(self) -> "KeyRing":
        return self._ring(LINK_KEY)

    def _ring(self, name: str) -> "KeyRing":
        from functions.adapters.sealing import KeyRing

        return KeyRing(self.secrets, name, create=self.settings.secrets_url.startswith("file:"))

    @once
    def local_api_key(self) -> str:
        """The key of whoever runs this on a laptop; empty in the cloud."""
        if not self.settings.local:
            return ""
        if self.settings.local_api_key:
            return self.settings.local_api_key
        from functions.domain.errors import SecretMissing

        if not self.settings.secrets_url.startswith("file:"):
            return ""
        try:
            secret = self.secrets.get(LOCAL_KEY, "1")
        except SecretMissing:
            from functions.domain import keys

            self.secrets.add(LOCAL_KEY, keys.token("local", keys.new_secret(self.random)).encode())
            secret = self.secrets.get(LOCAL_KEY, "1")
        return secret.value.decode()

    def secret_value(self, setting: str, variable: str = "GMAIL_CLIENT_SECRET") -> str:
        """A setting that is either the value itself or secretmanager://PROJECT/NAME/versions/N.

        Raises Unavailable; it names the variable where that leads to nothing that could be read.
        """
        match = SECRET_REFERENCE.fullmatch(setting)
        if match is None:
            return setting
        with self.lock:
            if setting not in self._secret_values:
                self._secret_values[setting] = self._read_secret(variable, **match.groupdict())
            return self._secret_values[setting]

    def _read_secret(self, variable: str, project: str, name: str, version: str) -> str:
        from functions.domain.errors import SecretMissing, Unavailable

        try:
            return self._secret_manager(project).get(name, version).value.decode().strip()
        except SecretMissing as missing:
            raise Unavailable(
                f"Version {version} of the secret {name} in project {project}, which {variable} names, is not there.",
                remedy=f"Set {variable} to a version that is there and enabled, or enable that one.",
            ) from missing

    # Google, and the issuers of callers' tokens

    @once
    def http(self) -> "Http":
        from functions.adapters.http import Http

        return Http()

    @once
    def google_access(self) -> "GoogleAccess":
        """Tokens of the service account that this runs as."""
        from functions.adapters.google_access import GoogleAccess

        return GoogleAccess(self.http, metadata_host=self.settings.metadata_host)

    @once
    def oauth(self) -> "OAuthClient":
        from functions.adapters.google_oauth import GoogleOAuth

        s = self.settings
        return GoogleOAuth(
            http=self.http,
            client_id=lambda: self.secret_value(s.client_id, "GMAIL_CLIENT_ID"),
            client_secret=lambda: self.secret_value(s.client_secret),
            authorize_url=s.authorize_url,
            token_url=s.token_url,
            revoke_url=s.revoke_url,
            redirect_uri=s.redirect_uri,
            id_tokens=lambda: self.google_tokens,
            clock=self.clock,
            official=s.official_clients,
        )

    @once
    def google_tokens(self) -> "IdTokens":
        """Google's own tokens: of people who sign in, and of the platform's service accounts."""
        from functions.adapters.oidc import IdTokens

        s = self.settings
        # Google's documents name the issuer with and without the scheme.
        bare = s.issuer.removeprefix("https://") if s.issuer == "https://accounts.google.com" else ""
        return IdTokens(self.http, s.issuer, jwks_url=s.jwks_url, also_issuer=bare)

    @once
    def gmail(self) -> "Gmail":
        from functions.adapters.gmail import GmailService

        return GmailService(self.http, self.settings.gmail_api_url, self.clock)

    @once
    def issuers(self) -> "dict[str, IdTokens]":
        """By the name that a token's `iss` gives."""
        from functions.adapters.oidc import IdTokens

        return {issuer: IdTokens(self.http, issuer) for issuer, _ in self.settings.auth_issuers}
