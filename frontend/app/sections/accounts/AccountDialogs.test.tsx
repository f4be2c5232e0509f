import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { answering, show } from "../../testing/render";

// Loading is not what is tested.
beforeAll(() => import("./AccountDialogs"), 60_000);
afterEach(() => {
  location.hash = "";
});

const ACCOUNT = {
  id: "acc_1",
  email: "ada@example.com",
  name: "Ada",
  status: "connected",
  problem: null,
  capabilities: { send: true, read: false },
  is_default: true,
  daily_limit: null,
  tracking: { opens: false, clicks: false },
  connected_at: "2027-03-01T12:00:00Z",
  last_sent_at: null,
  aliases: [],
  capacity: { recipients_left_today: 500, recipients_per_day: 500, reason: null },
};

const open = {
  settings: async () => {
    await userEvent.click(await screen.findByRole("button", { name: /^More/ }));
    await userEvent.click(await screen.findByRole("menuitem", { name: "Settings" }));
    return screen.findByRole("dialog", { name: "Settings of ada@example.com" });
  },
  test: async () => {
    await userEvent.click(await screen.findByRole("button", { name: /^Send a test/ }));
    return screen.findByRole("dialog", { name: "Send a test from ada@example.com" });
  },
};

it.each([
  ["settings", "Save", "test", "PATCH /api/gmail/accounts/acc_1/", ACCOUNT, /are saved/],
  ["test", "Send", "settings", "POST /api/gmail/send/", { id: "snd_1", status: "sent" }, /is sent/],
] as const)("leaves a dialog open that was opened since: %s", async (first, button, then, call, body, said) => {
  let answer: (body: unknown) => void = () => {};
  answering({
    "GET /api/gmail/accounts/": { accounts: [ACCOUNT], next_page_token: null },
    [call]: new Promise((resolve) => (answer = resolve)),
  });
  location.hash = "/accounts";
  show({ routing: "hash" });
  await userEvent.click(within(await open[first]()).getByRole("button", { name: button }));
  await userEvent.keyboard("{Escape}");
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  const other = await open[then]();
  answer(body);
  expect(await screen.findByText(said)).toBeInTheDocument();
  expect(other).toBeVisible();
  await userEvent.keyboard("{Escape}");
  await userEvent.click(within(await open[first]()).getByRole("button", { name: button }));
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
});

it("stays while an account is being disconnected, and goes with it", async () => {
  let answer: (body: unknown) => void = () => {};
  answering({
    "GET /api/gmail/accounts/": { accounts: [ACCOUNT], next_page_token: null },
    "GET /api/gmail/history/": { sends: [], next_page_token: null },
    "DELETE /api/gmail/accounts/acc_1/": new Promise((resolve) => (answer = resolve)),
  });
  location.hash = "/accounts";
  show({ routing: "hash" });
  await userEvent.click(await screen.findByRole("button", { name: /^More/ }));
  await userEvent.click(await screen.findByRole("menuitem", { name: "Disconnect" }));
  const dialog = await screen.findByRole("alertdialog");
  await userEvent.click(within(dialog).getByRole("button", { name: "Disconnect" }));
  expect(within(dialog).getByRole("button", { name: "Keep it" })).toBeDisabled();
  await userEvent.keyboard("{Escape}");
  expect(dialog).toBeVisible();
  answer({});
  expect(await screen.findByText("ada@example.com is disconnected.")).toBeInTheDocument();
  expect(screen.queryByRole("alertdialog")).toBeNull();
});
