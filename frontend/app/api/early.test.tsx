import { render, screen, waitFor } from "@testing-library/react";
import { InBrowser } from "../components/settings/GmailIntegration";
import { answering, problem } from "../testing/render";
import { makeClient } from "./client";
import { askEarly, FIRST } from "./early";

const LIST = "GET /api/gmail/accounts/";
const NONE = { accounts: [], next_page_token: null };

// As a browser does it, which makes a request of an address.
beforeEach(() => window.history.replaceState(null, "", "/"));
const asked = () => vi.mocked(fetch).mock.calls.length;

function answeringEarly(answers: Record<string, unknown>) {
  answering(answers);
  const real = vi.mocked(fetch).getMockImplementation();
  vi.mocked(fetch).mockImplementation((input, init) => {
    const request = typeof input === "string" ? new Request(new URL(input, location.href), init) : input;
    return real?.(request) ?? Promise.reject(new Error("no answer"));
  });
}

it("shows what was asked for before it was loaded, and asks once", async () => {
  answeringEarly({ [LIST]: NONE });
  const early = askEarly("key", "");
  render(<InBrowser apiUrl="" getToken={() => "key"} early={early} />);
  expect(await screen.findByText("No account is connected yet.")).toBeVisible();
  expect(asked()).toBe(1);
  const [address, { headers } = {}] = vi.mocked(fetch).mock.calls[0] ?? [];
  expect(address).toBe("/api/gmail/accounts/?page_size=500");
  expect(headers).toMatchObject({ Authorization: "Bearer key" });
});

it("shows accounts at once that are there already, and asks for them anew later", async () => {
  answeringEarly({ [LIST]: NONE });
  const early = askEarly("key", "");
  await waitFor(() => expect(vi.mocked(fetch).mock.settledResults[0]?.type).toBe("fulfilled"));
  await new Promise((done) => setTimeout(done)); // its body is read
  render(<InBrowser apiUrl="" getToken={() => "key"} early={early} />);
  expect(screen.getByText("No account is connected yet.")).toBeVisible();
  expect(asked()).toBe(1);
  expect(early.answer(new URL(FIRST, location.origin).href)).toBeUndefined(); // it would be old by then
});

it("hears that the key is refused", async () => {
  answeringEarly({ [LIST]: problem(401, "unauthenticated") });
  const refused = vi.fn();
  render(
    <InBrowser apiUrl="" getToken={() => "key"} early={askEarly("key", "#/accounts")} onUnauthenticated={refused} />,
  );
  await screen.findByRole("alert");
  expect(refused).toHaveBeenCalledTimes(1);
  expect(asked()).toBe(1);
});

it("asks for nothing without a key, or where another section is shown", () => {
  answeringEarly({ [LIST]: NONE });
  askEarly("", "");
  askEarly("key", "#/history/snd_1");
  expect(asked()).toBe(0);
  askEarly("key", "#/accounts");
  expect(asked()).toBe(1);
});

it("gives the answer once, even where it is taken before its body is read", async () => {
  answeringEarly({ [LIST]: NONE });
  const early = askEarly("key", "");
  await early.answer(new URL(FIRST, location.origin).href);
  await new Promise((done) => setTimeout(done, 50));
  expect(early.accounts()).toBeUndefined();
});

it("does not show what was asked for before something changed, such as a sign-in that was confirmed", async () => {
  answeringEarly({ [LIST]: NONE, "POST /api/gmail/oauth2callback/": { id: "acc_1" } });
  const api = makeClient("", () => "key", undefined, askEarly("key", ""));
  await api.POST("/api/gmail/oauth2callback/", { body: { pending: "pnd_1" } });
  await api.GET("/api/gmail/accounts/", { params: { query: { page_size: 500 } } });
  expect(asked()).toBe(3); // early, the change, and the accounts as they are after it
});
