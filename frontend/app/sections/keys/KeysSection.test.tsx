import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { answering, show } from "../../testing/render";

// Loading is not what is tested.
beforeAll(() => import("./KeysSection"), 60_000);
afterEach(() => {
  location.hash = "";
});

const MADE = { id: "key_1", name: "CI", key: "gmk_1_secret", scopes: ["send"], accounts: null, expires_at: null };

it("makes one key however often Enter is pressed, and shows it though one tried to leave meanwhile", async () => {
  let made: (key: typeof MADE) => void = () => {};
  const calls = answering({
    "GET /api/gmail/accounts/": { accounts: [], next_page_token: null },
    "GET /api/gmail/keys/": { keys: [], next_page_token: null },
    "POST /api/gmail/keys/": new Promise((resolve) => (made = resolve)),
  });
  location.hash = "/keys";
  show({ routing: "hash" });
  await userEvent.click(await screen.findByRole("button", { name: "Make a key" }));
  const dialog = await screen.findByRole("dialog");
  await userEvent.type(within(dialog).getByRole("textbox", { name: "Name" }), "CI{Enter}{Enter}{Enter}{Escape}");
  expect(within(dialog).getByRole("button", { name: "Cancel" })).toBeDisabled();
  made(MADE);
  expect(await screen.findByText("gmk_1_secret")).toBeVisible();
  expect(calls.lines.filter((line) => line.startsWith("POST"))).toHaveLength(1);
});
