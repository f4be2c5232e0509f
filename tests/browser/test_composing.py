"""The Compose section, as people use it, down to the message that Gmail gets."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser import people, writing
from tests.browser.people import Person, notice
from tests.browser.programs import LocalServer
from tests.browser.watch import Watch, accessible


@pytest.fixture
def sender(server: LocalServer, home: Page, token: str, ada: Person) -> Person:
    """Signed in, with one account."""
    people.loaded(home)
    server.connect(token, ada.email)
    home.reload()
    people.loaded(home)
    return ada


def test_a_message_with_an_attachment_and_a_picture_in_its_text(
    server: LocalServer, home: Page, token: str, sender: Person, tmp_path: Path
) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("Note G: Bernoulli numbers.\n" * 1000)
    picture = tmp_path / "loom.png"
    picture.write_bytes(writing.PNG)
    writing.compose(home, server, sender, to="Grace Hopper <grace@example.com>", subject="Notes on the engine")
    writing.write(home, "Dear Grace,")
    home.keyboard.press("Enter")
    for text in ("the engine", " weaves: "):
        writing.tool(home, "Bold").click()
        expect(writing.editor(home)).to_be_focused()
        home.keyboard.type(text)
    writing.tool(home, "Picture").click()
    with home.expect_file_chooser() as chosen:
        home.get_by_role("button", name="Choose a file").click()
    chosen.value.set_files(picture)
    expect(writing.editor(home).locator("img[alt=loom]")).to_be_visible()
    with home.expect_file_chooser() as chosen:
        home.get_by_role("button", name="Choose files").click()
    chosen.value.set_files(notes)
    files = home.get_by_role("group", name="Attachments")
    expect(files.get_by_role("listitem")).to_have_count(2)
    expect(files.get_by_role("progressbar")).to_have_count(0)
    expect(files.get_by_role("meter", name="Files in this message")).to_contain_text("of 26 MB")
    accessible(home)

    home.get_by_role("button", name="Preview").click()
    shown = home.get_by_role("dialog", name="What would be sent")
    expect(shown).to_contain_text("Grace Hopper <grace@example.com>")
    expect(shown.frame_locator("iframe").locator("img[alt=loom]")).to_be_visible()
    expect(shown).to_contain_text("notes.txt")
    accessible(home)
    home.keyboard.press("Escape")

    home.get_by_role("button", name="Send", exact=True).click()
    expect(writing.going_out(home)).to_be_visible()
    accessible(home)
    expect(home.get_by_text("The message is sent.")).to_be_visible()
    mail = writing.sent(server, token, "Notes on the engine")
    assert mail["To"] == "Grace Hopper <grace@example.com>"
    html = writing.body(mail, "html")
    content_id = re.search(r'<p><strong>the engine</strong> weaves: <img src="cid:([^"]+)" alt="loom"', html)
    assert content_id, html
    assert "Dear Grace,\n\nthe engine weaves:" in writing.body(mail, "plain").replace("\r", "")
    parts = {part.get_content_type(): part for part in mail.walk()}
    assert parts["image/png"]["Content-ID"] == f"<{content_id[1]}>"
    assert [part.get_filename() for part in mail.iter_attachments()][-1] == "notes.txt"


def test_files_are_dropped_on_their_place_on_the_text_and_anywhere_else_in_the_form(
    server: LocalServer, home: Page, token: str, sender: Person, tmp_path: Path
) -> None:
    names = ("report.pdf", "table.csv", "letter.odt")
    for name in names:
        (tmp_path / name).write_bytes(b"The engine weaves.\n" * 5000)
    (tmp_path / "loom.png").write_bytes(writing.PNG)
    writing.compose(home, server, sender, to="grace@example.com", subject="Dropped")
    writing.write(home, "See here: ")
    files = home.get_by_role("group", name="Attachments")
    writing.drop(home.get_by_text("Drop files here"), tmp_path / "report.pdf")
    expect(files.get_by_role("listitem")).to_have_count(1)
    # A picture goes into the text, where it was dropped; what is none goes out beside it.
    writing.drop(writing.editor(home), tmp_path / "loom.png", tmp_path / "table.csv")
    expect(writing.editor(home).locator("img[alt=loom]")).to_be_visible()
    expect(files.get_by_role("listitem")).to_have_count(3)
    # Beside every marked place the browser would leave the page and open the file.
    writing.drop(home.get_by_role("group", name="Options"), tmp_path / "letter.odt")
    expect(files.get_by_role("listitem")).to_have_count(4)
    expect(files.get_by_role("progressbar")).to_have_count(0)
    home.get_by_role("button", name="Send", exact=True).click()
    expect(writing.going_out(home)).to_be_visible()
    mail = writing.sent(server, token, "Dropped")
    attached = {part.get_filename(): part.get_payload(decode=True) for part in mail.iter_attachments()}
    assert {name: attached.get(name) for name in names} == {name: (tmp_path / name).read_bytes() for name in names}
    assert 'alt="loom"' in writing.body(mail, "html")


def test_a_message_from_an_alias_with_copies(server: LocalServer, home: Page, token: str) -> None:
    server.connect(token, "ada@example.com")
    home.reload()
    people.loaded(home)
    writing.place(home, server, "/compose")
    writing.choose(home, "From", "Ada, Countess of Lovelace <countess@example.com>")
    writing.recipient(home, "To", "grace@example.com")
    home.get_by_role("button", name="Cc and Bcc").click()
    writing.recipient(home, "Cc", "Charles Babbage <charles@example.com>")
    writing.recipient(home, "Bcc", "secret@example.com")
    home.get_by_label("Subject", exact=True).fill("From the countess")
    writing.write(home, "Hello")
    accessible(home)
    home.get_by_role("button", name="Preview").click()
    shown = home.get_by_role("dialog", name="What would be sent")
    expect(shown).to_contain_text("countess@example.com")
    expect(shown).to_contain_text("secret@example.com")
    home.keyboard.press("Escape")
    home.get_by_role("button", name="Send", exact=True).click()
    expect(writing.going_out(home)).to_be_visible()
    mail = writing.sent(server, token, "From the countess")
    assert "countess@example.com" in mail["From"]
    assert (mail["To"], mail["Cc"]) == ("grace@example.com", "Charles Babbage <charles@example.com>")
    [send] = server.call("GET", "/api/gmail/history/", token).json()["sends"]
    assert [one["email"] for one in send["bcc"]] == ["secret@example.com"]


def test_undo_brings_the_message_back_as_it_was(server: LocalServer, home: Page, token: str, sender: Person) -> None:
    writing.compose(home, server, sender, to="grace@example.com", subject="Too early")
    writing.write(home, "I did not mean to")
    home.get_by_role("button", name="Send", exact=True).click()
    writing.undo(home)
    expect(notice(home)).to_contain_text("Not sent. Here it is again.")
    expect(writing.editor(home)).to_have_text("I did not mean to")
    expect(home.get_by_label("Subject", exact=True)).to_have_value("Too early")
    expect(home.get_by_role("row", name="grace@example.com")).to_be_visible()
    sends = server.call("GET", "/api/gmail/history/", token).json()["sends"]
    assert [send["status"] for send in sends] == ["cancelled"]


def test_a_reload_while_it_can_be_undone_loses_neither_the_message_nor_the_undo(
    server: LocalServer, home: Page, sender: Person
) -> None:
    writing.compose(home, server, sender, to="grace@example.com", subject="Reloaded")
    writing.write(home, "Half")
    home.reload()
    people.loaded(home)
    expect(notice(home)).to_contain_text("This is the message that you had not sent yet.")
    expect(writing.editor(home)).to_have_text("Half")
    home.get_by_role("button", name="Send", exact=True).click()
    expect(writing.going_out(home)).to_be_visible()
    home.reload()
    writing.undo(home)
    expect(writing.editor(home)).to_have_text("Half")


def test_another_user_of_the_tab_gets_an_empty_form(
    server: LocalServer, home: Page, sender: Person, new_token: Callable[[], str], grace: Person
) -> None:
    writing.compose(home, server, sender, to="secret@example.com", subject="Nobody's business")
    other = new_token()
    server.connect(other, grace.email)
    home.goto("about:blank")
    home.goto(f"{server.url}/#key={other}")
    people.loaded(home)
    writing.place(home, server, "/compose")
    expect(home.get_by_label("Subject", exact=True)).to_have_value("")
    expect(home.get_by_role("row", name="secret@example.com")).to_have_count(0)


def test_a_file_whose_upload_was_cut_off_stays_in_sight_and_nothing_goes_out_without_it(
    server: LocalServer, home: Page, token: str, sender: Person, tmp_path: Path
) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("Note G")
    writing.compose(home, server, sender, to="grace@example.com", subject="With notes")
    writing.write(home, "See below")
    home.route("**/api/gmail/attachments/", lambda _: None)  # never answered
    with home.expect_file_chooser() as chosen:
        home.get_by_role("button", name="Choose files").click()
    chosen.value.set_files(notes)
    files = home.get_by_role("group", name="Attachments")
    expect(files.get_by_role("progressbar")).to_be_visible()
    home.get_by_role("tab", name="Accounts").click()
    people.loaded(home)
    home.get_by_role("tab", name="Compose").click()
    people.loaded(home)
    expect(files.get_by_role("listitem")).to_contain_text("Its upload was cut off")
    expect(files.get_by_role("button", name="Try again")).to_have_count(0)
    home.get_by_role("button", name="Send", exact=True).click()
    expect(files.get_by_role("alert")).to_be_visible()
    assert server.call("GET", "/api/gmail/history/", token).json()["sends"] == []
    home.get_by_role("button", name="Remove notes.txt").click()
    home.get_by_role("button", name="Send", exact=True).click()
    expect(writing.going_out(home)).to_be_visible()


def test_schedule_and_cancel(server: LocalServer, home: Page, token: str, sender: Person) -> None:
    writing.compose(home, server, sender, to="grace@example.com", subject="Later")
    writing.choose(home, "Content", "Plain text")
    home.get_by_role("textbox", name="Message", exact=True).fill("See you then.")
    home.get_by_text("Send later", exact=True).click()
    home.get_by_role("button", name="Schedule", exact=True).click()
    expect(home.get_by_text("Choose when it goes out.")).to_be_visible()
    home.get_by_role("button", name="Open the calendar").click()
    home.get_by_role("button", name="Next").first.click()
    home.get_by_role("gridcell").get_by_role("button", name=re.compile("15")).click()
    accessible(home)
    home.get_by_role("button", name="Schedule", exact=True).click()
    expect(home.get_by_text("Scheduled for")).to_be_visible()
    [send] = server.call("GET", "/api/gmail/history/", token).json()["sends"]
    assert send["status"] == "scheduled"
    assert "-15T" in send["send_at"]
    home.get_by_role("button", name="Cancel it").click()
    expect(notice(home)).to_contain_text("Cancelled. Here it is again.")
    [send] = server.call("GET", "/api/gmail/history/", token).json()["sends"]
    assert send["status"] == "cancelled"


@pytest.mark.usefixtures("sender")
def test_mistakes_stand_at_their_fields(server: LocalServer, home: Page, watch: Watch) -> None:
    watch.expect("422 /api/gmail/send/")
    writing.place(home, server, "/compose")
    home.get_by_role("button", name="Send", exact=True).click()
    expect(home.get_by_text("Say who it goes to.")).to_be_visible()
    expect(home.get_by_text("Write something first.")).to_be_visible()
    home.get_by_role("textbox", name="To", exact=True).fill("nobody,")
    expect(home.get_by_text("“nobody” is no email address.")).to_be_visible()
    home.get_by_role("button", name="Remove nobody").click()
    writing.recipient(home, "To", "a@example.com")
    writing.recipient(home, "To", "b@example.com")
    writing.write(home, "Hello")
    home.get_by_text("Unsubscribe link", exact=True).click()
    accessible(home)
    home.get_by_role("button", name="Send", exact=True).click()
    expect(home.get_by_role("group", name="Options").get_by_role("alert")).to_be_visible()


def test_an_answer_that_is_lost_is_asked_for_again_and_makes_no_second_message(
    server: LocalServer, home: Page, token: str, watch: Watch, sender: Person
) -> None:
    writing.compose(home, server, sender, to="grace@example.com", subject="Once")
    writing.write(home, "Hello")

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    watch.expect("net::ERR_FAILED /api/gmail/send/")
    home.route("**/api/gmail/send/", lose)
    home.get_by_role("button", name="Send", exact=True).click()
    expect(home.get_by_text("The answer was lost")).to_be_visible()
    accessible(home)
    home.unroute("**/api/gmail/send/")
    home.reload()
    # An answer that was given before the key was looked up says nothing of the message.
    watch.expect("429 /api/gmail/send/")
    home.route("**/api/gmail/send/", lambda route: route.fulfill(status=429, body="Too many"))
    home.get_by_role("button", name="Ask again").click()
    expect(home.get_by_text("A service that is needed for this does not answer.")).to_be_visible()
    expect(home.get_by_text("The answer was lost")).to_be_visible()
    expect(home.get_by_role("button", name="Ask again")).to_be_focused()
    home.unroute("**/api/gmail/send/")
    home.get_by_role("button", name="Ask again").click()
    expect(home.get_by_text(re.compile("goes out in a moment|The message is sent."))).to_be_visible()
    assert len(server.call("GET", "/api/gmail/history/", token).json()["sends"]) == 1


def test_a_message_whose_answer_is_lost_is_written_on(
    server: LocalServer, home: Page, token: str, watch: Watch, sender: Person
) -> None:
    watch.expect("net::ERR_FAILED /api/gmail/send/")
    home.route("**/api/gmail/send/", lambda route: route.abort())  # it never came there
    writing.compose(home, server, sender, to="grace@example.com", subject="Lost")
    writing.write(home, "Hello")
    home.get_by_role("button", name="Send", exact=True).click()
    expect(home.get_by_text("The answer was lost")).to_be_visible()
    home.unroute("**/api/gmail/send/")
    home.get_by_role("button", name="Back to writing").press("Enter")
    expect(notice(home)).to_contain_text("Here is the message again.")
    expect(notice(home)).to_be_focused()
    expect(home.get_by_text("The answer was lost")).to_have_count(0)
    accessible(home)
    writing.write(home, ", and more. ")
    home.get_by_role("button", name="Send", exact=True).click()
    expect(writing.going_out(home)).to_be_visible()
    message = writing.sent(server, token, "Lost")
    assert "and more." in writing.body(message, "plain")
    assert len(server.call("GET", "/api/gmail/history/", token).json()["sends"]) == 1


def test_pasting_from_a_word_processor_keeps_the_text_and_leaves_the_rest(
    server: LocalServer, home: Page, sender: Person
) -> None:
    writing.compose(home, server, sender, to="grace@example.com", subject="Pasted")
    writing.editor(home).click()
    home.evaluate(
        """html => { const data = new DataTransfer(); data.setData('text/html', html);
        const paste = new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true});
        document.activeElement.dispatchEvent(paste) }""",
        "<style>p{color:red}</style><p class=MsoNormal style='margin:0cm;font-family:Calibri'><b>Bold</b> "
        "<span style='color:#C00000'>red</span><o:p></o:p></p>",
    )
    expect(writing.editor(home).locator("strong")).to_have_text("Bold")
    red = writing.editor(home).get_by_text("red")
    expect(red).to_have_css("color", "rgb(192, 0, 0)")
    assert red.evaluate("one => one.getAttribute('style')") == "color: rgb(192, 0, 0);"
    home.keyboard.press("ControlOrMeta+z")
    expect(writing.editor(home)).not_to_contain_text("Bold")
