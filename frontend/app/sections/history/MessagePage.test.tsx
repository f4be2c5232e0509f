import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import type { Send } from "../../api/history";
import { answering, problem, show } from "../../testing/render";

const SEND: Send = {
  id: "snd_1",
  status: "unknown",
  account: "acc_1",
  from: { email: "ada@example.com", name: "Ada" },
  to: [{ email: "grace@example.com" }],
  cc: [],
  bcc: [],
  reply_to: [],
  subject: "Hello",
  template: null,
  template_version: null,
  batch: null,
  trigger: null,
  tags: [],
  metadata: {},
  attachments: [],
  size: 500,
  in_reply_to_send: null,
  resend_of: null,
  resent_as: null,
  next_attempt_at: null,
  created_at: "2027-03-01T12:00:00Z",
  send_at: null,
  sent_at: null,
  attempts: [{ at: "2027-03-01T12:00:01Z", outcome: "unknown", code: "unavailable", detail: "No answer came." }],
  gmail_message_id: null,
  gmail_thread_id: null,
  counts: { opens: 0, clicks: 0, replies: 0, bounces: 0 },
  totals: { opens: 0, clicks: 0 },
  events: [],
  explanation: "Whether it went out is not known.",
};

function visit(send: Partial<Send>, more: Record<string, unknown> = {}) {
  location.hash = "/history/snd_1";
  const calls = answering({
    "GET /api/gmail/history/snd_1/": { ...SEND, ...send },
    "GET /api/gmail/accounts/": { accounts: [], next_page_token: null },
    ...more,
  });
  show({ routing: "hash" });
  return calls;
}

const button = (name: string) => screen.findByRole("button", { name });

// Loading is not what is tested.
beforeAll(() => Promise.all([import("./HistorySection"), import("./MessagePage")]), 60_000);
afterEach(() => {
  location.hash = "";
});

it("says what to do where the outcome is unknown, and warns before it is sent again", async () => {
  const calls = visit({}, { "POST /api/gmail/history/snd_1/resend/": { ...SEND, id: "snd_2", status: "queued" } });
  expect(
    await screen.findByText(/Look into the account's Sent folder. If it is not there, send it again/),
  ).toBeVisible();
  await userEvent.click(await button("Send again"));
  const dialog = await screen.findByRole("alertdialog");
  expect(dialog).toHaveTextContent("its recipients would get it twice");
  expect(calls.lines.filter((line) => line.startsWith("POST"))).toEqual([]);
  await userEvent.click(within(dialog).getByRole("button", { name: "Send again" }));
  expect(await screen.findByText("It is sent again, as a new message.")).toBeVisible();
  expect(calls.lines).toContain("POST /api/gmail/history/snd_1/resend/");
});

it("offers nothing while it is still looked for in the Sent folder but to send it again", async () => {
  visit({ next_attempt_at: "2027-03-01T12:05:00Z", explanation: "It is being looked for." });
  expect(await screen.findByText("It is being looked for.")).toBeVisible();
  expect(screen.queryByRole("button", { name: "Cancel" })).not.toBeInTheDocument();
  expect(screen.queryByRole("button", { name: "Reply" })).not.toBeInTheDocument();
});

it("says in the dialog why it could not be cancelled any more", async () => {
  const late = problem(409, "conflict", { detail: "It is being handed to Gmail." });
  visit({ status: "queued" }, { "POST /api/gmail/history/snd_1/cancel/": late });
  await userEvent.click(await button("Cancel"));
  await userEvent.click(await button("Cancel the message"));
  expect(await screen.findByRole("alert")).toHaveTextContent("It is being handed to Gmail.");
});

it("moves nothing to a time that has passed: it would go out at once", async () => {
  const calls = visit({ status: "scheduled", next_attempt_at: "2020-03-01T12:00:00Z" });
  await userEvent.click(await button("Move"));
  const dialog = await screen.findByRole("dialog");
  await userEvent.click(within(dialog).getByRole("button", { name: "Move" }));
  expect(await within(dialog).findByText(/This time has passed/)).toBeVisible();
  expect(calls.lines.filter((line) => line.startsWith("PATCH"))).toEqual([]);
});

it("leaves a dialog open that was opened since the move was asked for", async () => {
  let moved: (send: object) => void = () => {};
  const answer = new Promise((resolve) => (moved = resolve));
  visit(
    { status: "scheduled", next_attempt_at: "2099-03-01T12:00:00Z" },
    { "PATCH /api/gmail/history/snd_1/": answer },
  );
  await userEvent.click(await button("Move"));
  await userEvent.click(within(await screen.findByRole("dialog")).getByRole("button", { name: "Send now" }));
  await userEvent.keyboard("{Escape}");
  await userEvent.click(await button("Cancel"));
  const dialog = await screen.findByRole("alertdialog");
  moved(SEND);
  expect(await screen.findByText("It goes out now.")).toBeInTheDocument();
  expect(dialog).toBeVisible();
});

it.each([
  ["Cancel", "Cancel the message", "cancel"],
  ["Send again", "Send again", "resend"],
])("stays while it is done what was asked for: %s", async (action, confirm, call) => {
  let done: (send: object) => void = () => {};
  const answer = new Promise((resolve) => (done = resolve));
  const status = call === "cancel" ? "scheduled" : "failed";
  visit({ status, next_attempt_at: null }, { [`POST /api/gmail/history/snd_1/${call}/`]: answer });
  await userEvent.click(await button(action));
  const dialog = await screen.findByRole("alertdialog");
  await userEvent.click(within(dialog).getByRole("button", { name: confirm }));
  await userEvent.keyboard("{Escape}");
  expect(dialog).toBeVisible();
  expect(within(dialog).getByRole("button", { name: /^(Keep|Cancel$)/ })).toBeDisabled();
  done({ ...SEND, id: "snd_2" });
  await waitFor(() => expect(dialog).not.toBeInTheDocument());
});

it("says nothing of what was refused when a dialog is opened again", async () => {
  visit({ status: "queued" }, { "POST /api/gmail/history/snd_1/cancel/": problem(409, "conflict") });
  await userEvent.click(await button("Cancel"));
  await userEvent.click(await button("Cancel the message"));
  await screen.findByRole("alert");
  await userEvent.click(await button("Keep it"));
  await userEvent.click(await button("Cancel"));
  expect(screen.queryByRole("alert")).toBeNull();
});
