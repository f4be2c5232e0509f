import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { answering, problem, show } from "../../testing/render";
import { emptyDraft, type Draft } from "./draft";
import { keepComposition, readComposition } from "./keeping";

// Loading is not what is tested.
beforeAll(() => import("./ComposeSection"), 60_000);
afterEach(() => {
  location.hash = "";
  sessionStorage.clear();
});

const account = {
  id: "acc_1",
  email: "ada@example.com",
  status: "connected",
  capabilities: { send: true, read: false },
  is_default: true,
};
const LETTER = { ...emptyDraft("acc_1"), kind: "text" as const, text: "Dear Grace", subject: "A letter" };

/** The section at a place, with a message that was being written before. */
function visit(place: string, kept: Draft | null, more: Record<string, unknown> = {}) {
  const calls = answering({
    "GET /api/gmail/accounts/": { accounts: [account], next_page_token: null },
    "GET /api/gmail/templates/": { templates: [], next_page_token: null },
    "GET /api/gmail/history/snd_1/": {
      id: "snd_1",
      account: "acc_1",
      subject: "A question",
      to: [{ email: "grace@example.com" }],
      cc: [],
    },
    ...more,
  });
  keepComposition(sessionStorage, kept && { draft: kept, attempt: null, outgoing: null });
  location.hash = place;
  return { ...show({ routing: "hash" }), calls };
}

/** As by hand, or by the browser's own buttons. */
const go = (place: string) =>
  act(() => {
    history.replaceState(null, "", `#${place}`);
    window.dispatchEvent(new HashChangeEvent("hashchange"));
  });
const kept = () => readComposition(sessionStorage, ["acc_1"])?.draft;
const subject = () => screen.findByRole("textbox", { name: "Subject" });
const choose = async (button: string) => {
  const dialog = await screen.findByRole("alertdialog", { name: "Replace the message that you were writing?" });
  expect(dialog).toHaveTextContent("“A letter” is not sent yet.");
  await userEvent.click(within(dialog).getByRole("button", { name: button }));
};

it.each(["/compose?template=tpl_1", "/compose?reply=snd_1"])(
  "asks before another message is replaced: %s",
  async (at) => {
    visit(at, LETTER);
    await choose("Go on with it");
    expect(await subject()).toHaveValue("A letter");
    expect(location.hash).toBe("#/compose");
    expect(kept()).toMatchObject(LETTER);
  },
);

it("replaces it where that is wanted", async () => {
  visit("/compose?template=tpl_1", LETTER);
  await choose("Replace it");
  await waitFor(() => expect(kept()).toMatchObject({ kind: "template", template: "tpl_1", text: "" }));
  expect(location.hash).toBe("#/compose");
});

it("goes on with the same template's message, and after a reload with what was written since", async () => {
  const draft = { ...emptyDraft("acc_1"), kind: "template" as const, template: "tpl_1", subject: "Filled" };
  const { unmount } = visit("/compose?template=tpl_1", draft);
  expect(await subject()).toHaveValue("Filled");
  await userEvent.type(await subject(), " in");
  unmount();
  show({ routing: "hash" });
  expect(await subject()).toHaveValue("Filled in");
});

it("does not ask where nothing but a template was chosen", async () => {
  visit("/compose?template=tpl_2", { ...emptyDraft("acc_1"), kind: "template", template: "tpl_1" });
  await waitFor(() => expect(kept()).toMatchObject({ template: "tpl_2" }));
  expect(screen.queryByRole("alertdialog")).toBeNull();
});

it("shows the form where the address is put right that asked for a message that is gone", async () => {
  visit("/compose?reply=snd_gone", LETTER);
  expect(await screen.findByRole("alert")).toBeVisible();
  go("/compose");
  expect(await subject()).toHaveValue("A letter");
});

it("goes on with what was written since, where one goes back instead of answering", async () => {
  visit("/compose?template=tpl_1", null);
  await userEvent.type(await subject(), "Written since");
  await waitFor(() => expect(kept()).toMatchObject({ subject: "Written since" }));
  go("/compose?template=tpl_2");
  await screen.findByRole("alertdialog");
  go("/compose");
  expect(await subject()).toHaveValue("Written since");
  expect(kept()).toMatchObject({ template: "tpl_1", subject: "Written since" });
});

it("keeps a reply that has no recipients yet, and forgets it when it is discarded", async () => {
  visit("/compose", { ...LETTER, subject: "", text: "", inReplyTo: { id: "snd_1", subject: "A question" } });
  await userEvent.click(await screen.findByRole("button", { name: "Discard" }));
  const dialog = await screen.findByRole("alertdialog");
  await userEvent.click(within(dialog).getByRole("button", { name: "Discard" }));
  await waitFor(() => expect(kept()).toBeUndefined());
});

describe("a message that is being sent", () => {
  const READY = { ...LETTER, to: ["grace@example.com"] };

  /** Pressed, and looked away from before the call that ends so is answered. */
  async function sent(call: string) {
    const { calls } = visit("/compose", READY, {
      "GET /api/gmail/history/": { sends: [], next_page_token: null },
      "POST /api/gmail/send/": { id: "snd_2", status: "sent", account: "acc_1" },
      "GET /api/gmail/history/snd_2/": { id: "snd_2", status: "sent" },
    });
    await subject();
    await userEvent.click(screen.getByRole("button", { name: "Dismiss" }));
    let answer = () => {};
    const waits = new Promise<void>((resolve) => (answer = resolve));
    const found = vi.mocked(fetch).getMockImplementation() ?? fetch;
    vi.mocked(fetch).mockImplementation(async (input) => {
      const response = await found(input);
      if ((input as Request).url.endsWith(call)) await waits;
      return response;
    });
    await userEvent.click(screen.getByRole("button", { name: "Send" }));
    await waitFor(() => expect(calls.lines.at(-1)).toContain(call));
    await lookAway();
    return { calls, answer };
  }
  const lookAway = async () => {
    go("/history");
    await waitFor(() => expect(screen.queryByRole("button", { name: "Sending…" })).toBeNull());
  };

  it.each(["/send/", "?page_size=1"])("is still being sent for who comes back: %s", async (call) => {
    const { calls, answer } = await sent(call);
    go("/compose");
    expect(await screen.findByRole("button", { name: "Sending…" })).toBeVisible();
    expect(screen.queryByRole("button", { name: "Back to writing" })).toBeNull();
    expect(screen.queryByText(/had not sent yet/)).toBeNull();
    answer();
    expect(await screen.findByText("The message is sent.")).toBeVisible();
    expect(calls.lines.filter((line) => line === "POST /api/gmail/send/")).toHaveLength(1);
  });

  it("leaves alone what somebody else has kept by the time that the answer comes", async () => {
    const { calls, answer } = await sent("/send/");
    keepComposition(sessionStorage, { draft: LETTER, attempt: null, outgoing: null });
    const lists = () => calls.lines.filter((line) => line.startsWith("GET /api/gmail/accounts/?")).length;
    const before = lists();
    answer();
    await waitFor(() => expect(lists()).toBeGreaterThan(before)); // it is heard
    expect(readComposition(sessionStorage, ["acc_1"])).toMatchObject({ draft: LETTER, outgoing: null });
  });
});

it("puts the keyboard where it is said that the message is back, once nobody asks for its answer any more", async () => {
  const { unmount } = visit("/compose", LETTER);
  await subject();
  unmount();
  keepComposition(sessionStorage, { draft: LETTER, attempt: { key: "lost", body: { to: [] } }, outgoing: null });
  show({ routing: "hash" });
  await userEvent.click(await screen.findByRole("button", { name: "Back to writing" }));
  await waitFor(() => expect(screen.getByText(/Here is the message again/).closest("[role=status]")).toHaveFocus());
});

describe("asking again", () => {
  /** A message whose answer was lost; asked again, `answer` comes. */
  async function asked(answer: unknown) {
    const { unmount } = visit("/compose", LETTER, {
      "POST /api/gmail/send/": answer,
      "GET /api/gmail/history/snd_2/": { id: "snd_2", status: "sent" },
    });
    await subject();
    unmount();
    keepComposition(sessionStorage, { draft: LETTER, attempt: { key: "lost", body: { to: [] } }, outgoing: null });
    show({ routing: "hash" });
    const button = await screen.findByRole("button", { name: "Ask again" });
    await userEvent.click(button);
    return button;
  }

  it("keeps the keyboard while it is asked, and where the answer is lost once more", async () => {
    let answer: (lost: Response) => void = () => {};
    const button = await asked(new Promise((resolve) => (answer = resolve)));
    expect(button).toHaveFocus();
    expect(screen.getByRole("button", { name: "Back to writing" })).toBeDisabled();
    answer(problem(429, "rate_limited"));
    expect(await screen.findByText("Why.")).toBeVisible();
    expect(button).toHaveFocus();
    expect(screen.getByRole("button", { name: "Back to writing" })).toBeEnabled();
  });

  it("puts the keyboard where it is said that it was refused", async () => {
    await asked(problem(422, "invalid_request"));
    const said = await screen.findByText(/was not sent, and here it is again/);
    await waitFor(() => expect(said.closest("[role=status]")).toHaveFocus());
  });

  it("puts the keyboard on what to do next where it has gone out", async () => {
    await asked({ id: "snd_2", status: "sent", account: "acc_1" });
    await waitFor(() => expect(screen.getByRole("button", { name: "Write another one" })).toHaveFocus());
    await userEvent.keyboard("{Enter}");
    await waitFor(() => expect(document.activeElement?.closest("form")).not.toBeNull());
  });
});
