import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { answering, show } from "../../testing/render";

// Loading is not what is tested.
beforeAll(() => Promise.all([import("./HistorySection"), import("./HistoryList")]), 60_000);
afterEach(() => {
  location.hash = "";
});

const open = async () => {
  await userEvent.click(await screen.findByRole("button", { name: "More" }));
  await userEvent.click(await screen.findByRole("menuitem", { name: /How long it is kept/ }));
  return within(await screen.findByRole("dialog")).findByRole("button", { name: "Save" });
};

it("stays where it was left, and opened again before the answer came", async () => {
  let answer: (body: unknown) => void = () => {};
  answering({
    "GET /api/gmail/accounts/": { accounts: [], next_page_token: null },
    "GET /api/gmail/history/": { sends: [], next_page_token: null },
    "GET /api/gmail/history/settings/": { content_days: 30, event_days: 30 },
    "PUT /api/gmail/history/settings/": new Promise((resolve) => (answer = resolve)),
  });
  location.hash = "/history";
  show({ routing: "hash" });
  await userEvent.click(await open());
  await userEvent.keyboard("{Escape}");
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  const save = await open();
  answer({ content_days: 30, event_days: 30 });
  expect(await screen.findByText("Saved. It counts for messages from now on.")).toBeInTheDocument();
  expect(save).toBeVisible();
  await userEvent.click(save);
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
});
