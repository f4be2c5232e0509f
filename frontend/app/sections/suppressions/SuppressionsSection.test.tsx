import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { answering, show } from "../../testing/render";

// Loading is not what is tested.
beforeAll(() => import("./SuppressionsSection"), 60_000);
afterEach(() => {
  location.hash = "";
});

const open = async (button: string, title: string) => {
  await userEvent.click((await screen.findAllByRole("button", { name: button }))[0] as HTMLElement);
  return screen.findByRole("dialog", { name: title });
};
const add = async () => {
  const dialog = await open("Add an address", "Add an address");
  await userEvent.type(within(dialog).getByRole("textbox", { name: "Address" }), "grace@example.com");
  return within(dialog).getByRole("button", { name: "Add" });
};
const bring = async () => {
  const dialog = await open("Import", "Import a list");
  await userEvent.click(within(dialog).getByRole("textbox", { name: "Or paste it" }));
  await userEvent.paste('{"address": "grace@example.com"}');
  return within(dialog).getByRole("button", { name: "Import" });
};

it.each([
  ["Add", add, bring, { id: "sup_1", address: "grace@example.com" }, "grace@example.com gets no more mail."],
  ["Import", bring, add, { rows: 1, added: 1, changed: 0, unchanged: 0 }, "1 row: 1 new, 0 changed, 0 as before."],
] as const)("leaves a dialog open that was opened since: %s", async (_, first, then, body, said) => {
  let answer: (body: unknown) => void = () => {};
  answering({
    "GET /api/gmail/accounts/": { accounts: [], next_page_token: null },
    "GET /api/gmail/suppressions/": { suppressions: [], next_page_token: null },
    "POST /api/gmail/suppressions/": new Promise((resolve) => (answer = resolve)),
  });
  location.hash = "/suppressions";
  show({ routing: "hash" });
  await userEvent.click(await first());
  await userEvent.keyboard("{Escape}");
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  const other = await then();
  answer(body);
  expect(await screen.findByText(said)).toBeInTheDocument();
  expect(other).toBeVisible();
  await userEvent.keyboard("{Escape}");
  await userEvent.click(await first());
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
});
