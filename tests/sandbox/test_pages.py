"""The pages for people, with mail that means them harm."""

import re
from email.message import EmailMessage

import requests

from tests.sandbox.client import Account, Google, message
from tests.sandbox.senders import GIF, Sender, newsletter

HOSTILE = """<html><body onload="alert(1)"><script>parent.document.title='owned'</script>
<form action="http://127.0.0.1/sandbox/reset" method="post"><button>Click</button></form>
<img src="cid:logo@x"><img src="https://tracker.example/p.gif"><a href="javascript:alert(1)">js</a>
<a href="https://shop.example/?a=1&amp;b=2">The <b>shop</b></a><a href='data:text/html,x'>data</a></body></html>"""
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 20


def hostile() -> bytes:
    built = EmailMessage()
    built["From"] = '"<script>alert(1)</script>" <ada@example.com>'
    built["To"] = "grace@example.com"
    built["Subject"] = "</title><script>alert(2)</script>"
    built.set_content("</pre><script>alert(3)</script>")
    built.add_alternative(HOSTILE, subtype="html")
    page = built.get_body(("html",))
    assert page is not None
    page.add_related(PNG, "image", "png", cid="<logo@x>")
    page.add_related(b"<svg onload='alert(4)'/>", "image", "svg+xml", cid="<vector@x>", filename="v.svg")
    built.add_attachment(b"<script>", maintype="text", subtype="html", filename="../../<b>.html\u202efdp.exe")
    return built.as_bytes()


def page(google: Google, path: str = "") -> requests.Response:
    return google.http.get(f"{google.url}{path}")


def only_link(google: Google) -> str:
    (link,) = set(
        re.findall(r'href="(/inbox/grace@example.com/[0-9a-f]{16})"', page(google, "/inbox/grace@example.com").text)
    )
    return str(link)


def test_everyone_is_listed_with_what_they_have_not_read(google: Google, ada: Account) -> None:
    ada.sent(message("First"))
    ada.sent(message("Second"))
    listed = page(google, "/")
    assert "nothing leaves this machine" in listed.text
    assert "Zoë Ñandú" in listed.text
    assert re.findall(r"(\d+) unread", listed.text)[:4] == ["0", "2", "0", "0"]
    link = re.findall(r'href="(/inbox/grace@example.com/[^"?]+)"', page(google, "/inbox/grace@example.com").text)[0]
    assert page(google, link).status_code == 200
    assert re.findall(r"(\d+) unread", page(google, "/").text)[:4] == ["0", "1", "0", "0"]


def test_inbox_and_sent_are_apart(google: Google, ada: Account) -> None:
    ada.sent(message("Only once"))
    assert "Only once" in page(google, "/inbox/ada@example.com?box=sent").text
    assert "Only once" not in page(google, "/inbox/ada@example.com").text
    assert "Only once" in page(google, "/inbox/grace@example.com").text


def test_hostile_mail_is_escaped_everywhere(google: Google, ada: Account) -> None:
    ada.sent(hostile())
    link = only_link(google)
    for path in ("/inbox/grace@example.com", "/inbox/ada@example.com?box=sent", link):
        shown = page(google, path)
        assert shown.status_code == 200
        assert "<script" not in shown.text
        assert "alert(2)" in shown.text
        assert "default-src 'none'" in shown.headers["Content-Security-Policy"]
    assert 'href="https://shop.example/?a=1&amp;b=2"' in shown.text
    assert "javascript:" not in shown.text
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in shown.text


def test_the_body_is_shut_in(google: Google, ada: Account) -> None:
    ada.sent(hostile())
    body = page(google, only_link(google) + "/body")
    policy = body.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; ")
    assert "script-src" not in policy
    assert "form-action 'none'" in policy
    (picture,) = re.findall(r'<img src="([^"]+/cid/[^"]+)"', body.text)
    shown = google.http.get(picture)
    assert (shown.content, shown.headers["Content-Type"]) == (PNG, "image/png")
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert google.http.get(picture.replace("logo", "vector")).status_code == 404  # SVG can hold scripts


def test_attachments_are_downloads_with_harmless_names(google: Google, ada: Account) -> None:
    ada.sent(hostile())
    shown = page(google, only_link(google))
    links = re.findall(r'href="([^"]+/part/\d+)"', shown.text)
    assert len(links) == 2  # the picture that the HTML shows is not listed again
    assert "&lt;b&gt;.htmlfdp.exe" in shown.text
    answer = google.http.get(google.url + links[-1])
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert "/" not in answer.headers["Content-Disposition"].split("filename=")[1]
    assert answer.content == b"<script>"
    assert page(google, only_link(google) + "/part/99").status_code == 404


def test_the_original_is_shown_as_text(google: Google, ada: Account) -> None:
    ada.sent(hostile())
    original = page(google, only_link(google) + "/original")
    assert original.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert b"Delivered-To: grace@example.com" in original.content
    assert len(original.content) == int(original.headers["Content-Length"])


def test_broken_mail_has_a_page_too(google: Google, ada: Account) -> None:
    raws = [
        b"To: grace@example.com\r\nContent-Type: multipart/mixed\r\n\r\nno boundary",
        b"To: grace@example.com\r\nContent-Type: text/html; charset=nonsense\r\n\r\n<![ x[<p>\xff\xfe",
        b"To: grace@example.com\r\nSubject: =?utf-8?b?!!!?= =?x?q?y?=\r\nContent-Type: ;;;\r\n\r\n",
        b"To: grace@example.com\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\xff\r\n\r\n\xff",
        b"To: grace@example.com\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!!a",
        b"To: grace@example.com",
    ]
    for raw in raws:
        sent = ada.sent(raw)
        assert ada.get(f"messages/{sent['id']}").status_code == 200
    found = page(google, "/inbox/grace@example.com")
    links = re.findall(r'href="(/inbox/grace@example.com/[0-9a-f]{16})"', found.text)
    assert len(links) == len(raws)
    for link in links:
        assert page(google, link).status_code == 200


def test_what_is_not_there_is_a_page_that_says_so(google: Google) -> None:
    for path in ("/inbox/nobody@example.com", "/inbox/ada@example.com/00", "/inbox/ada@example.com?box=x", "/<b>"):
        shown = page(google, path)
        assert shown.status_code == 404
        assert "<h1>Not Found</h1>" in shown.text


def post(google: Google, path: str, **form: str) -> requests.Response:
    """A form, and the page that follows."""
    return google.http.post(f"{google.url}{path}", data=form)


def test_pictures_from_the_web_come_through_the_proxy_only_when_wanted(
    google: Google, ada: Account, site: Sender
) -> None:
    ada.sent(newsletter(site.url))
    link = only_link(google)
    closed = page(google, link + "/body")
    assert site.url not in closed.text.replace(f'href="{site.url}', "")
    assert closed.text.startswith('<!doctype html><base target="_blank">')
    opened = page(google, link + "/body?images=1")
    (own, proxied) = sorted(re.findall(r'src="([^"]+)"', opened.text))
    assert (own, proxied) == (f"{google.url}{link}/cid/logo", f"{google.url}{link}/image/0")
    assert f"{google.url}{link}/image/" in opened.headers["Content-Security-Policy"]
    assert site.asked == []
    shown = google.http.get(proxied)
    assert (shown.content, shown.headers["Content-Type"]) == (GIF, "image/gif")
    assert "GoogleImageProxy" in site.asked[0].headers["User-Agent"]
    assert google.http.get(f"{google.url}{link}/image/1").status_code == 404


def test_the_proxy_hands_on_nothing_that_could_run(google: Google, ada: Account, site: Sender) -> None:
    for path in ("/script.svg", "/missing", "/go"):
        google.reset()
        ada.sent(newsletter(site.url).replace(b"/pixel?t=3D1&amp;u=3D=\n2", path.encode()))
        assert google.http.get(f"{google.url}{only_link(google)}/image/0").status_code == 404
    assert site.paths("GET") == ["/script.svg", "/missing", "/go"]


def test_pictures_in_styles_and_backgrounds_are_found_too(google: Google, ada: Account, site: Sender) -> None:
    markup = (
        f"<table background='{site.url}/a'><td style=\"background:url(&quot;{site.url}/b?x=1&amp;y=2&quot;)\">"
        f"<style>p {{ background: url('{site.url}/c') }}</style><IMG\nwidth=1 SRC={site.url}/d>"
        f'<img data-src="{site.url}/e"><a href="{site.url}/f">f</a><img src="{site.url}/a"></table>'
    )
    built = EmailMessage()
    built["To"], built["Subject"] = "grace@example.com", "Everywhere"
    built.set_content(markup, subtype="html")
    id_ = ada.sent(built.as_bytes())["id"]
    shown = google.http.get(f"{google.url}/sandbox/messages/{id_}").json()
    assert shown["images"] == [site.url + path for path in ("/a", "/b?x=1&y=2", "/c", "/d")]
    opened = page(google, only_link(google) + "/body?images=1").text
    assert [int(number) for number in re.findall(r"/image/(\d)", opened)] == [0, 1, 2, 3, 0]


def test_the_buttons_do_what_they_say(google: Google, ada: Account, site: Sender) -> None:
    sent = ada.sent(newsletter(site.url))
    link = only_link(google)
    reader = "grace@example.com"
    outcomes = [
        post(google, link + "/reply", reader=reader, text="Yes"),
        post(google, link + "/reply", reader=reader, auto="1"),
        post(google, link + "/bounce", reader=reader, kind="hard"),
        post(google, link + "/unsubscribe", reader=reader),
        post(google, link + "/images", show="once"),
    ]
    assert [one.status_code for one in outcomes] == [200] * 5
    said = [re.findall(r'role="status">([^<]+)<', one.text) for one in outcomes]
    assert [len(one) for one in said] == [1, 1, 1, 1, 0]
    assert "That did not work." not in str(said)
    assert "Pictures from the web are shown." in outcomes[4].text
    thread = ada.get(f"threads/{sent['threadId']}", format="metadata").json()["messages"]
    assert len(thread) == 4
    assert site.paths("POST") == ["/u/1"]


def test_a_button_that_does_not_work_says_so(google: Google, ada: Account) -> None:
    ada.sent(newsletter("http://localhost:9"))
    link = only_link(google)
    for path, form in (
        ("/unsubscribe", {}),
        ("/bounce", {"kind": "other"}),
        ("/reply", {"reader": "mallory@example.com"}),
    ):
        assert "That did not work." in post(google, link + path, **form).text
    assert post(google, "/inbox/grace@example.com/00/reply").status_code == 404
    assert google.http.get(f"{google.url}{link}/reply").status_code == 405


def test_an_unsubscribe_page_is_a_link(google: Google, ada: Account, site: Sender) -> None:
    ada.sent(newsletter(site.url).replace(b"List-Unsubscribe-Post", b"X-Other"))
    shown = page(google, only_link(google)).text
    assert f'href="{site.url}/u/1" target="_blank"' in shown
    assert "/unsubscribe" not in shown


def test_mail_to_elsewhere_has_the_same_buttons(google: Google, ada: Account) -> None:
    ada.sent(message(to="bo@elsewhere.example"))
    (link,) = set(re.findall(r'href="(/inbox/elsewhere/[0-9a-f]{16})"', page(google, "/inbox/elsewhere").text))
    post(google, f"{link}/reply", text="Hello")
    (id_,) = ada.found("in:inbox")
    assert ada.header(id_, "From") == "bo@elsewhere.example"
    assert "Re: Hello" in page(google, "/inbox/elsewhere?box=sent").text
