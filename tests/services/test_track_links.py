"""Links that lead back here: they carry all that a redirect needs, and nobody can read, change or make one."""

import base64
import contextlib
import os
import random
import string
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.adapters.file_secrets import FileSecrets
from functions.adapters.sealing import KeyRing
from functions.domain import track_tokens
from functions.domain.errors import NotFound
from functions.domain.ids import LOCAL_OWNER, random_id
from functions.domain.link_targets import may_follow, target
from functions.domain.track_tokens import Kind, Tracked
from functions.services.track_links import URL_LIMIT, TrackLinks
from tests.services.builders import NOW, Clock

BASE = "https://mail.example.com"
MUTATIONS = 100_000
KINDS: tuple[Kind, ...] = ("open", "click", "unsubscribe")
OWNER, SEND = random_id("own", os.urandom), random_id("snd", os.urandom)
URL = "https://shop.example/orders?id=42&utm_source=newsletter&utm_medium=email#top"


@pytest.fixture
def secrets(tmp_path: Path) -> FileSecrets:
    return FileSecrets(tmp_path)


@pytest.fixture
def ring(secrets: FileSecrets) -> KeyRing:
    return KeyRing(secrets, "gmail-link-key", create=True)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def links(ring: KeyRing, clock: Clock) -> TrackLinks:
    return TrackLinks(ring, clock, BASE)


def token(url: str) -> str:
    return url.rpartition("/")[2]


def one_of_each(links: TrackLinks) -> dict[Kind, str]:
    return {
        "open": links.pixel(OWNER, SEND),
        "click": links.click(OWNER, SEND, 3, URL),
        "unsubscribe": links.unsubscribe(OWNER, SEND, "bo@elsewhere.example"),
    }


def test_each_kind_comes_back_as_it_went_in(links: TrackLinks) -> None:
    urls = one_of_each(links)

    assert links.read("open", token(urls["open"])) == Tracked("open", OWNER, SEND, NOW.date())
    assert links.read("click", token(urls["click"])) == Tracked("click", OWNER, SEND, NOW.date(), index=3, url=URL)
    found = links.read("unsubscribe", token(urls["unsubscribe"]))
    assert found == Tracked("unsubscribe", OWNER, SEND, NOW.date(), address="bo@elsewhere.example")


def test_links_lie_below_the_public_url_and_need_no_escaping(links: TrackLinks) -> None:
    allowed = set(string.ascii_letters + string.digits + "-_.")
    for kind, url in one_of_each(links).items():
        assert url.startswith(f"{BASE}/t/{kind[0]}/")
        assert set(token(url)) <= allowed


def test_a_link_says_nothing_to_who_reads_it(links: TrackLinks) -> None:
    for url in one_of_each(links).values():
        raw = base64.urlsafe_b64decode(token(url).rpartition(".")[2] + "==")
        for told in ("shop", "orders", "elsewhere", "bo@", OWNER[4:], SEND[4:]):
            assert told not in url
            assert told.encode() not in raw


def test_two_links_to_one_place_look_different(links: TrackLinks) -> None:
    assert links.click(OWNER, SEND, 0, URL) != links.click(OWNER, SEND, 0, URL)


def test_links_are_short(links: TrackLinks) -> None:
    assert len(links.pixel(OWNER, SEND)) - len(BASE) <= 100
    assert len(links.click(OWNER, SEND, 0, URL)) - len(BASE) <= len(URL) + 100


@pytest.mark.parametrize("other", KINDS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_token_of_one_kind_is_none_of_another(links: TrackLinks, kind: Kind, other: Kind) -> None:
    made = token(one_of_each(links)[kind])
    if kind == other:
        assert links.read(other, made).kind == kind
    else:
        with pytest.raises(NotFound):
            links.read(other, made)


def test_a_sealed_value_of_another_purpose_is_no_token(links: TrackLinks, ring: KeyRing) -> None:
    """The sign-in state is sealed with the same keys."""
    packed = track_tokens.pack(Tracked("click", OWNER, SEND, NOW.date(), url="https://evil.example/"))
    for context in ("oauth-state", "track-", "track-clicks", "", "track-open"):
        with pytest.raises(NotFound):
            links.read("click", ring.seal(packed, context))


def test_opens_and_clicks_end_after_400_days_and_unsubscribing_never(links: TrackLinks, clock: Clock) -> None:
    urls = one_of_each(links)
    clock.now = NOW + timedelta(days=400)
    for kind, url in urls.items():
        assert links.read(kind, token(url))
    clock.now = NOW + timedelta(days=401)
    for kind in ("open", "click"):
        with pytest.raises(NotFound):
            links.read(kind, token(urls[kind]))  # type: ignore[index, arg-type]
    clock.now = NOW + timedelta(days=20 * 365)
    assert links.read("unsubscribe", token(urls["unsubscribe"])).address == "bo@elsewhere.example"


def test_whatever_is_wrong_the_answer_is_the_same(links: TrackLinks, clock: Clock) -> None:
    urls = one_of_each(links)
    clock.now = NOW + timedelta(days=500)
    told = set()
    for wrong in ("", "x", "v1.1.", "v1.9.AAAA", "v1.99.AAAA", token(urls["open"]), token(urls["click"])[:-2]):
        with pytest.raises(NotFound) as raised:
            links.read("click", wrong)
        told.add((raised.value.detail, raised.value.remedy))
    assert len(told) == 1


def test_links_outlive_a_new_key(links: TrackLinks, secrets: FileSecrets, clock: Clock) -> None:
    old = one_of_each(links)
    secrets.add("gmail-link-key", base64.b64encode(os.urandom(32)))
    later = TrackLinks(KeyRing(secrets, "gmail-link-key", create=False), clock, BASE)

    for kind, url in old.items():
        assert later.read(kind, token(url)).send == SEND
    assert token(later.pixel(OWNER, SEND)).startswith("v1.2.")
    assert links.read("open", token(later.pixel(OWNER, SEND)))  # an instance that started before


def test_no_mutation_of_a_token_is_accepted(links: TrackLinks) -> None:
    """Changed, swapped, cut, doubled, spliced characters, and other spellings of the same bytes."""
    chance = random.Random(20310501)
    tokens = [(kind, token(url)) for kind, url in one_of_each(links).items() for _ in range(2)]
    letters = string.ascii_letters + string.digits + "-_.=+/% "
    accepted = []
    for _ in range(MUTATIONS):
        kind, good = chance.choice(tokens)
        bad = mutated(good, letters, chance)
        if bad == good:
            continue
        with contextlib.suppress(NotFound):
            accepted.append((kind, good, bad, links.read(kind, bad)))
    assert accepted == []


def mutated(good: str, letters: str, chance: random.Random) -> str:
    at = chance.randrange(len(good))
    match chance.randrange(8):
        case 0:
            return good[:at] + chance.choice(letters) + good[at + 1 :]
        case 1:
            return good[:-1] + chance.choice(letters)  # the spare bits of the last character
        case 2:
            return good[:at] + good[at + 1 :]
        case 3:
            return good[:at] + chance.choice(letters) + good[at:]
        case 4:
            return good + chance.choice(("=", "==", "A", ".", "\n", " ", "%00", good))
        case 5:
            return good.replace("v1.1.", chance.choice(("v1.01.", "v1.2.", "v2.1.", "v1..", "V1.1.", "v1.1.v1.1.", "")))
        case 6:
            swapped = good[:at] + good[at:].swapcase()
            return swapped.replace("-", "+").replace("_", "/") if chance.random() < 0.3 else swapped
    return good[:at] + "".join(chance.choices(letters, k=chance.randrange(1, 9)))


def test_a_link_of_another_key_is_accepted_nowhere(links: TrackLinks, tmp_path: Path, clock: Clock) -> None:
    theirs = TrackLinks(KeyRing(FileSecrets(tmp_path / "theirs"), "gmail-link-key", create=True), clock, BASE)
    for kind, url in one_of_each(theirs).items():
        with pytest.raises(NotFound):
            links.read(kind, token(url))


# Where a click leads.


@pytest.mark.parametrize(
    "href",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "mailto:a@b.example",
        "tel:+1",
        "cid:logo",
        "#there",
        "/relative",
        "//protocol.relative",
        "http:",
        "http://",
        "http:///path",
        "https://:443/",
        "https://host:port/",
        "ftp://a.example",
        "",
        "https://[::1",
        "https://a\udc00.example/",
        "https://" + "ä" * 70 + ".example/",
        "https://" + "ä." * 300 + "example/",
        "https://" + "ä." * 2_000_000 + "example/",
        "https://a.example/" + "ä" * 2_000_000,
        "https://xn--zz.ä.example/",
        "https://ä..example/",
    ],
)
def test_only_complete_http_links_are_tracked(links: TrackLinks, href: str) -> None:
    assert target(href) is None
    assert links.click(OWNER, SEND, 0, href) == href


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "//evil.example", "https://a.example/\r\nSet-Cookie: x", "/", "https://ä.example/"]
)
def test_a_link_is_looked_at_again_when_it_is_clicked(links: TrackLinks, ring: KeyRing, url: str) -> None:
    """Even one that our own key made: no open redirector, whatever went wrong before."""
    assert not may_follow(url)
    tracked = Tracked("click", OWNER, SEND, NOW.date(), url="x" * len(url))
    raw = track_tokens.pack(tracked)
    head = raw[: -len(url)] if raw.endswith(b"x" * len(url)) else raw[:36] + b"\0\0\0"
    with pytest.raises(NotFound):
        links.read("click", ring.seal(head + url.encode("utf-8"), "track-click"))


@pytest.mark.parametrize(
    ("href", "to"),
    [
        ("https://a.example/ä?q=ü", "https://a.example/%C3%A4?q=%C3%BC"),
        ("https://bücher.example/x", "https://xn--bcher-kva.example/x"),
        ("https://straße.example/x", "https://xn--strae-oqa.example/x"),  # not strasse.example, which is another
        ("https://пример.рф:8080/a", "https://xn--e1afmkfd.xn--p1ai:8080/a"),
        ("https://ü:p@bücher.example:80/x", "https://%C3%BC:p@xn--bcher-kva.example:80/x"),
        ("https://ü@a.example/", "https://%C3%BC@a.example/"),
        ("https://ü@[::1]:80/", "https://%C3%BC@[::1]:80/"),
        ("https://日本。example/", "https://xn--wgv71a.example/"),
        ("  https://a.example/a b\n", "https://a.example/a%20b"),
        ("https://a.exa\nmple/x", "https://a.example/x"),
        ("HTTPS://A.example/%7Euser?a=1&b=%26#f", "HTTPS://A.example/%7Euser?a=1&b=%26#f"),
        ("http://user@a.example:8080/?next=https://b.example/", "http://user@a.example:8080/?next=https://b.example/"),
        ("https://a.example/{{x}}|'\"<>", "https://a.example/{{x}}|'\"<>"),
    ],
)
def test_a_destination_is_written_so_that_a_redirect_can_go_there(links: TrackLinks, href: str, to: str) -> None:
    assert links.read("click", token(links.click(OWNER, SEND, 0, href))).url == to
    assert may_follow(to)


@given(st.text(max_size=60))
def test_what_may_be_followed_is_one_line_of_ascii_with_a_host(tail: str) -> None:
    to = target(f"https://a.example/{tail}")
    assert to is not None
    assert to.isascii()
    assert to.isprintable()
    assert " " not in to
    assert urlsplit(to).hostname == "a.example"
    assert may_follow(to)


def test_our_own_links_are_not_wrapped_again(links: TrackLinks) -> None:
    unsubscribe = links.unsubscribe(OWNER, SEND, "bo@elsewhere.example")
    assert links.click(OWNER, SEND, 0, unsubscribe) == unsubscribe


def test_a_link_that_would_get_too_long_is_left_alone(links: TrackLinks) -> None:
    """Some mail programs cut links."""
    noise = "".join(random.Random(1).choices(string.ascii_letters + string.digits, k=5000))
    assert links.click(OWNER, SEND, 0, f"https://a.example/{noise}") == f"https://a.example/{noise}"
    assert len(links.click(OWNER, SEND, 0, f"https://a.example/{noise[:1000]}")) <= URL_LIMIT
    assert links.click(OWNER, SEND, 70_000, URL) == URL


# What a token carries.


@given(
    kind=st.sampled_from(KINDS),
    owner=st.one_of(
        st.just(LOCAL_OWNER), st.binary(min_size=26, max_size=26).map(lambda b: random_id("own", lambda _: b))
    ),
    send=st.one_of(st.just("snd_1"), st.binary(min_size=26, max_size=26).map(lambda b: random_id("snd", lambda _: b))),
    day=st.dates(min_value=NOW.date().replace(year=1970), max_value=NOW.date().replace(year=2140)),
    index=st.integers(0, 65535),
    url=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=300),
    address=st.emails(),
)
def test_packing_loses_nothing(
    kind: Kind, owner: str, send: str, day: object, index: int, url: str, address: str
) -> None:
    more = {"click": {"index": index, "url": url}, "unsubscribe": {"address": address}}.get(kind, {})
    tracked = Tracked(kind, owner, send, day, **more)  # type: ignore[arg-type]
    assert track_tokens.unpack(kind, track_tokens.pack(tracked)) == tracked


@given(kind=st.sampled_from(KINDS), packed=st.binary(max_size=80))
def test_bytes_that_are_no_token_are_a_value_error(kind: Kind, packed: bytes) -> None:
    with contextlib.suppress(ValueError):
        track_tokens.unpack(kind, packed)


def test_a_url_that_would_unfold_without_end_is_refused() -> None:
    import zlib

    packer = zlib.compressobj(9, zlib.DEFLATED, -12)
    bomb = packer.compress(b"a" * 10_000_000) + packer.flush()
    head = track_tokens.pack(Tracked("click", OWNER, SEND, NOW.date(), url=""))[:-1]
    with pytest.raises(ValueError, match="not one URL"):
        track_tokens.unpack("click", head + b"\x01" + bomb)
