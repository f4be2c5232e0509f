"""The settings: what is right, and that everything wrong is named, all of it at once."""

from typing import Any

import pytest

from functions.runtime.settings import (
    GOOGLE_URLS,
    SANDBOX_CLIENT,
    SANDBOX_PUSH_ACCOUNT,
    SANDBOX_TOPIC,
    SettingsError,
    load,
)

CLOUD = {
    "K_SERVICE": "gmail-send",
    "GMAIL_CLIENT_ID": "123.apps.googleusercontent.com",
    "GMAIL_CLIENT_SECRET": "secretmanager://my-project/gmail-client-secret/versions/3",
    "PUBLIC_URL": "https://mail.example.com",
    "STORE_URL": "firestore://my-project/(default)",
    "BLOBS_URL": "gs://my-bucket",
    "TASKS_URL": "cloudtasks://my-project/europe-west1/gmail",
    "SECRETS_URL": "secretmanager://my-project",
    "AUTH_ISSUERS": "https://securetoken.google.com/my-project=my-project",
    "ALLOWED_ORIGINS": "https://app.example.com",
    "RETURN_URLS": "https://app.example.com/",
    "PORT": "8080",
}


def problems(environ: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(environ)
    return str(caught.value).splitlines()


def test_a_laptop_needs_no_settings_at_all() -> None:
    found = load({})

    assert found.sandbox
    assert (found.client_id, found.client_secret) == SANDBOX_CLIENT
    assert found.public_url == "http://localhost:8000"
    assert found.store_url == "sqlite:///.data/gmail.db"
    assert found.blobs_url == "file:.data/blobs"
    assert found.tasks_url == "local:"
    assert found.secrets_url == "file:.data/secrets"
    assert found.token_url == "http://localhost:8001/token"
    assert found.return_urls == ("http://localhost:8000/",)
    assert found.allowed_origins == ()
    assert found.auth_issuers == ()
    assert found.owner_claim == "sub"
    assert found.port == 8000
    assert found.redirect_uri == "http://localhost:8000/api/gmail/oauth2callback/"


def test_another_port_is_the_port_of_everything_on_a_laptop() -> None:
    """So that the command line finds what `make run` has started with the same settings."""
    found = load({"PORT": "8080"})

    assert found.port == 8080
    assert found.public_url == "http://localhost:8080"
    assert found.redirect_uri == "http://localhost:8080/api/gmail/oauth2callback/"
    assert found.return_urls == ("http://localhost:8080/",)
    assert found.token_url == "http://localhost:8081/token"
    assert found.gmail_api_url == found.issuer == "http://localhost:8081"
    assert load({"PORT": "65535"}).gmail_api_url == "http://localhost:65534"


def test_an_address_that_is_given_does_not_follow_the_port() -> None:
    found = load({"PORT": "8080", "PUBLIC_URL": "https://localhost:8000", "GMAIL_API_URL": "http://localhost:9000"})

    assert (found.public_url, found.gmail_api_url) == ("https://localhost:8000", "http://localhost:9000")
    assert load(CLOUD).public_url == "https://mail.example.com"
    real = load({"PORT": "8080", "GMAIL_CLIENT_ID": "id", "GMAIL_CLIENT_SECRET": "secret"})
    assert (real.public_url, real.gmail_api_url) == ("http://localhost:8080", "https://gmail.googleapis.com")


def test_the_clouds_settings_are_read() -> None:
    found = load(CLOUD)

    assert found.in_cloud
    assert not found.sandbox
    assert not found.local
    assert found.auth_issuers == (("https://securetoken.google.com/my-project", "my-project"),)
    assert found.gmail_api_url == "https://gmail.googleapis.com"
    assert found.issuer == "https://accounts.google.com"
    assert found.port == 8080


def test_access_tokens_come_from_the_platform_in_the_cloud_and_from_google_auth_on_a_laptop() -> None:
    assert load({}).metadata_host == ""
    assert load(CLOUD).metadata_host == "metadata.google.internal"
    assert load({**CLOUD, "GCE_METADATA_HOST": "127.0.0.1:8088"}).metadata_host == "127.0.0.1:8088"


def test_googles_client_libraries_are_used_where_they_are_asked_for() -> None:
    assert not load({}).official_clients
    assert not load({**CLOUD, "GOOGLE_CLIENTS": "direct"}).official_clients
    assert load({**CLOUD, "GOOGLE_CLIENTS": "official"}).official_clients
    assert "GOOGLE_CLIENTS" in problems({"GOOGLE_CLIENTS": "both"})[0]


def test_no_proxies_are_believed_unless_they_are_counted() -> None:
    assert load(CLOUD).proxies == 0
    assert load({**CLOUD, "TRUSTED_PROXIES": "0"}).proxies == 0
    assert load({**CLOUD, "TRUSTED_PROXIES": "2"}).proxies == 2


def test_gmail_pushes_to_a_topic_and_from_an_account_of_its_own() -> None:
    assert (load({}).gmail_topic, load({}).push_account) == (SANDBOX_TOPIC, SANDBOX_PUSH_ACCOUNT)
    real = {"GMAIL_CLIENT_ID": "id", "GMAIL_CLIENT_SECRET": "secret"}
    assert (load(real).gmail_topic, load(real).push_account) == ("", "")  # mailboxes are looked into all the same
    cloud = load(CLOUD)
    assert (cloud.gmail_topic, cloud.push_account) == ("", "gmail-tasks@my-project.iam.gserviceaccount.com")
    chosen = load(
        {**CLOUD, "GMAIL_TOPIC": "projects/my-project/topics/gmail", "PUSH_SERVICE_ACCOUNT": "push@x.example"}
    )
    assert (chosen.gmail_topic, chosen.push_account) == ("projects/my-project/topics/gmail", "push@x.example")


@pytest.mark.parametrize(
    "topic", ["gmail", "projects/p/topics/", "projects/p/subscriptions/gmail", "//pubsub/projects/p"]
)
def test_a_topic_is_named_in_full(topic: str) -> None:
    assert "GMAIL_TOPIC" in problems({"GMAIL_TOPIC": topic})[0]


def test_with_a_client_id_google_itself_is_used_on_a_laptop_too() -> None:
    found = load({"GMAIL_CLIENT_ID": "id", "GMAIL_CLIENT_SECRET": "secret"})

    assert not found.sandbox
    assert found.authorize_url == GOOGLE_URLS["GOOGLE_AUTHORIZE_URL"][0]


@pytest.mark.parametrize("name", GOOGLE_URLS)
@pytest.mark.parametrize("base", [{}, {"GMAIL_CLIENT_ID": "id", "GMAIL_CLIENT_SECRET": "secret"}])
def test_every_address_of_google_can_be_replaced(name: str, base: dict[str, str]) -> None:
    found = load({**base, name: "http://localhost:1234/x/"})

    assert "http://localhost:1234/x" in vars(found).values()


def test_several_issuers_and_audiences_can_be_named() -> None:
    found = load({"AUTH_ISSUERS": " https://a.example=one , https://a.example=two,https://b.example/x=a=b "})

    assert found.auth_issuers == (
        ("https://a.example", "one"),
        ("https://a.example", "two"),
        ("https://b.example/x", "a=b"),
    )


def test_hosts_and_ports_that_events_may_go_to_can_be_named() -> None:
    assert load({"ENDPOINTS_ALLOW": "localhost:3000, [::1]:8080"}).endpoints_allow == ("localhost:3000", "[::1]:8080")


@pytest.mark.parametrize(
    "value",
    [
        "GOCSPX-the-secret-itself",
        "secretmanager://my-project/gmail-client-secret/versions/12",
        "secretmanager://my-project/gmail-client-secret/versions/latest",
        "secretmanager://projects/my-project/secrets/gmail-client-secret/versions/3",
        "secretmanager://example.com:my-project/gmail-client-secret/versions/3",
    ],
)
def test_the_clients_secret_is_given_itself_or_by_its_place(value: str) -> None:
    assert load({**CLOUD, "GMAIL_CLIENT_SECRET": value}).client_secret == value
    assert load({"GMAIL_CLIENT_ID": "id", "GMAIL_CLIENT_SECRET": value}).client_secret == value


# Each changes one thing of the cloud's settings; the message names the variable.
IN_THE_CLOUD = [
    ("GMAIL_CLIENT_ID", ""),
    ("GMAIL_CLIENT_SECRET", ""),
    ("GMAIL_CLIENT_SECRET", "secretmanager://my-project/gmail-client-secret"),
    ("GMAIL_CLIENT_SECRET", "secretmanager://my-project/gmail-client-secret/versions/"),
    ("GMAIL_CLIENT_SECRET", "secretmanager://my-project/gmail-client-secret/versions/abc"),
    ("GMAIL_CLIENT_SECRET", "secretmanager://my-project/gmail-client-secret/versions/0"),
    ("GMAIL_CLIENT_SECRET", "secretmanager://my-project/gmail-client-secret/versions/3/"),
    ("GMAIL_CLIENT_SECRET", "secretmanager:my-project/gmail-client-secret/versions/3"),
    ("GMAIL_CLIENT_SECRET", "SecretManager://my-project/gmail-client-secret/versions/3"),
    ("GMAIL_CLIENT_SECRET", "secretmanager://My Project/gmail-client-secret/versions/3"),
    ("GMAIL_CLIENT_ID", "secretmanager://my-project/gmail-client-id"),
    ("PUBLIC_URL", ""),
    ("PUBLIC_URL", "http://mail.example.com"),
    ("PUBLIC_URL", "mail.example.com"),
    ("STORE_URL", ""),
    ("STORE_URL", "sqlite:///x.db"),
    ("BLOBS_URL", ""),
    ("BLOBS_URL", "file:x"),
    ("TASKS_URL", ""),
    ("TASKS_URL", "local:"),
    ("SECRETS_URL", ""),
    ("SECRETS_URL", "file:x"),
    ("AUTH_ISSUERS", "http://issuer.example=a"),
    ("LOCAL_API_KEY", "x"),
    ("ENDPOINTS_ALLOW", "localhost:3000"),
    ("GOOGLE_TOKEN_URL", "http://localhost:8001/token"),
    ("GMAIL_API_URL", "http://localhost:8001"),
    ("GOOGLE_JWKS_URL", "http://localhost:8001/certs"),
]
ANYWHERE = [
    ("STORE_URL", "mongodb://x"),
    ("STORE_URL", "sqlite"),
    ("STORE_URL", "sqlite://x.db"),
    ("STORE_URL", "firestore://p"),
    ("STORE_URL", "firestore://p/d/e"),
    ("BLOBS_URL", "s3://bucket"),
    ("BLOBS_URL", "gs://"),
    ("TASKS_URL", "redis://"),
    ("TASKS_URL", "cloudtasks://p/l"),
    ("SECRETS_URL", "vault://"),
    ("SECRETS_URL", "file:"),
    ("PUBLIC_URL", "ftp://x"),
    ("PUBLIC_URL", "http://"),
    ("PUBLIC_URL", "http://[::1"),
    ("PUBLIC_URL", "http://x:port"),
    ("PUBLIC_URL", "http://x/?q=1"),
    ("GMAIL_API_URL", "localhost:8001"),
    ("AUTH_ISSUERS", "https://issuer.example"),
    ("AUTH_ISSUERS", "https://issuer.example="),
    ("AUTH_ISSUERS", "issuer=audience"),
    ("ALLOWED_ORIGINS", "*"),
    ("ALLOWED_ORIGINS", "app.example.com"),
    ("ALLOWED_ORIGINS", "https://app.example.com/"),
    ("ALLOWED_ORIGINS", "https://app.example.com/path"),
    ("ALLOWED_ORIGINS", "null"),
    ("RETURN_URLS", "app.example.com"),
    ("RETURN_URLS", "javascript:alert(1)"),
    ("RETURN_URLS", "https://app.example.com/#x"),
    ("RETURN_URLS", "/relative"),
    ("ENDPOINTS_ALLOW", "localhost"),
    ("ENDPOINTS_ALLOW", "http://localhost:3000"),
    ("ENDPOINTS_ALLOW", "::1:3000"),
    ("ENDPOINTS_ALLOW", "*:3000"),
    ("PORT", "http"),
    ("PORT", "0"),
    ("PORT", "65536"),
    ("PORT", "٣"),
    ("TRUSTED_PROXIES", "-1"),
    ("TRUSTED_PROXIES", "10"),
]


@pytest.mark.parametrize(("name", "value"), IN_THE_CLOUD + ANYWHERE)
def test_what_is_wrong_in_the_cloud_is_named_alone(name: str, value: str) -> None:
    found = problems({**CLOUD, name: value})

    assert [line.partition(" ")[0] for line in found] == [name], found


@pytest.mark.parametrize(("name", "value"), ANYWHERE)
def test_what_is_wrong_on_a_laptop_is_named_alone(name: str, value: str) -> None:
    found = problems({name: value})

    assert [line.partition(" ")[0] for line in found] == [name], found


def test_a_place_that_is_none_is_named_on_a_laptop_too() -> None:
    (line,) = problems({"GMAIL_CLIENT_ID": "id", "GMAIL_CLIENT_SECRET": "secretmanager://my-project/client"})

    assert line.startswith("GMAIL_CLIENT_SECRET ")
    assert "secretmanager://PROJECT/NAME/versions/N" in line


@pytest.mark.parametrize(
    ("given", "missing"), [("GMAIL_CLIENT_ID", "GMAIL_CLIENT_SECRET"), ("GMAIL_CLIENT_SECRET", "GMAIL_CLIENT_ID")]
)
def test_half_an_oauth_client_is_none(given: str, missing: str) -> None:
    (line,) = problems({given: "x"})

    assert line.startswith(f"{missing} ")


def test_everything_wrong_is_said_at_once() -> None:
    found = problems({"K_SERVICE": "gmail-send", "LOCAL_API_KEY": "x", "ALLOWED_ORIGINS": "*"})

    assert {line.partition(" ")[0] for line in found} == {
        "GMAIL_CLIENT_ID", "PUBLIC_URL", "STORE_URL", "BLOBS_URL", "TASKS_URL", "SECRETS_URL", "LOCAL_API_KEY",
        "ALLOWED_ORIGINS",
    }  # fmt: skip


@pytest.mark.parametrize(
    "environ", [{}, CLOUD, {"LOCAL_API_KEY": "hush-key", "GMAIL_CLIENT_ID": "i", "GMAIL_CLIENT_SECRET": "hush"}]
)
def test_settings_can_be_printed_without_their_secrets(environ: dict[str, str]) -> None:
    text = repr(load(environ))

    assert "hush" not in text
    assert "client_secret" not in text


def test_problems_do_not_print_secrets() -> None:
    found = problems({"K_SERVICE": "x", "LOCAL_API_KEY": "hush-key", "GMAIL_CLIENT_SECRET": "hush-secret"})

    assert "hush" not in "".join(found)


@pytest.mark.parametrize("blank", ["", " ", "\t\n"])
def test_a_blank_value_is_none(blank: str) -> None:
    names: dict[str, Any] = dict.fromkeys([*CLOUD, "LOCAL_API_KEY", "AUTH_OWNER_CLAIM"], blank)
    del names["K_SERVICE"]

    assert load(names) == load({})
