import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { answering, problem, show } from "../../testing/render";

const ada = {
  id: "acc_1",
  email: "ada@example.com",
  name: "Ada",
  status: "connected",
  scopes: [],
  capabilities: { send: true, read: true },
  is_default: true,
  tracking: { opens: false, clicks: false },
  daily_limit: null,
  connected_at: "2026-01-02T03:04:05Z",
  last_sent_at: null,
  problem: null,
};
const LIST = "GET /api/gmail/accounts/";

beforeEach(() => window.history.replaceState(null, "", "/"));

it("asks the API with the application's token", async () => {
  const calls = answering({ [LIST]: { accounts: [], next_page_token: null } });
  show({ getToken: () => Promise.resolve("fresh") });
  expect(await screen.findByText("No account is connected yet.")).toBeVisible();
  expect(calls.headers[0]?.get("Authorization")).toBe("Bearer fresh");
});

it("reads every page of accounts", async () => {
  let page = 0;
  const calls = answering({});
  vi.mocked(fetch).mockImplementation((input) => {
    calls.lines.push((input as Request).url);
    page += 1;
    const account = { ...ada, id: `acc_${page}`, email: `${page}@example.com`, is_default: page === 1 };
    return Promise.resolve(Response.json({ accounts: [account], next_page_token: page < 3 ? `token${page}` : null }));
  });
  show();
  expect(await screen.findByRole("region", { name: "3@example.com" })).toBeVisible();
  expect(calls.lines[1]).toContain("page_token=token1");
});

it("says a problem with its remedy and its id, and tries again when asked to", async () => {
  const answers: Record<string, unknown> = { [LIST]: problem(403, "forbidden") };
  answering(answers);
  show();
  const alert = await screen.findByRole("alert");
  expect(alert).toHaveTextContent("Why.What to do.Request req_1");
  answers[LIST] = { accounts: [], next_page_token: null };
  await userEvent.click(within(alert).getByRole("button", { name: "Try again" }));
  expect(await screen.findByText("No account is connected yet.")).toBeVisible();
});

it("tells the application when its token is refused", async () => {
  answering({ [LIST]: problem(401, "unauthenticated") });
  const refused = vi.fn();
  show({ onUnauthenticated: refused });
  await waitFor(() => expect(refused).toHaveBeenCalled());
});

it("says things in the words that it is given", async () => {
  answering({ [LIST]: { accounts: [], next_page_token: null } });
  show({ strings: { accounts: { empty: "Noch kein Konto verbunden." } } });
  expect(await screen.findByText("Noch kein Konto verbunden.")).toBeVisible();
  expect(screen.getByRole("tab", { name: "Accounts" })).toBeVisible(); // the rest stays
});

it("confirms a parked sign-in once, and takes it out of the address", async () => {
  window.history.replaceState(null, "", "/settings?tab=mail&status=confirm&pending=pnd_1");
  const calls = answering({
    [LIST]: { accounts: [], next_page_token: null },
    "POST /api/gmail/oauth2callback/": ada,
  });
  show();
  expect(await screen.findByText("ada@example.com is connected.")).toBeVisible();
  expect(calls.bodies.filter(Boolean)).toEqual([{ pending: "pnd_1" }]);
  expect(location.search).toBe("?tab=mail");
});

it("leaves a query alone that is the application's own", async () => {
  window.history.replaceState(null, "", "/orders?status=connected");
  answering({ [LIST]: { accounts: [], next_page_token: null } });
  show();
  await screen.findByText("No account is connected yet.");
  expect(location.search).toBe("?status=connected");
  expect(screen.queryByText("The account is connected.")).toBeNull();
});
