import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { answering, show, type Calls } from "../testing/render";

const EMPTY = { accounts: [], next_page_token: null };
const asked = (calls: Calls, line: string) => calls.lines.filter((one) => one.startsWith(line)).length;

afterEach(() => {
  window.name = "";
  history.replaceState(null, "", location.pathname);
});

/** Two components of one origin, such as of two tabs; the first has opened a popup. */
async function opened() {
  const calls = answering({
    "GET /api/gmail/accounts/": EMPTY,
    "GET /api/gmail/authorize/": { authorization_url: "https://accounts.example/" },
    "POST /api/gmail/oauth2callback/": { id: "acc_1", email: "ada@example.com" },
  });
  const popup = { location: { href: "" } };
  const open = vi.spyOn(window, "open").mockReturnValue(popup as Window);
  const opener = show({ connectIn: "popup" });
  show({ connectIn: "popup" });
  const [connect] = await screen.findAllByRole("button", { name: "Connect a Gmail account" });
  await waitFor(() => expect(asked(calls, "GET /api/gmail/accounts/")).toBe(2));
  await userEvent.click(connect as HTMLElement);
  await waitFor(() => expect(popup.location.href).toBe("https://accounts.example/"));
  return { calls, opener, name: open.mock.calls[0]?.[1] ?? "" };
}

/** The popup, back from Google, with what that says. */
function back(name: string, said: string) {
  const close = vi.spyOn(window, "close").mockReturnValue();
  window.name = name;
  history.replaceState(null, "", `?${said}`);
  return { ...show(), close };
}

/** What the popup says came to the component that opened it; then the popup is closed. */
async function ended(said: string) {
  const { calls, name } = await opened();
  const { close, unmount } = back(name, said);
  await waitFor(() => expect(close).toHaveBeenCalled());
  unmount();
  return calls;
}

it("is no popup of ours in a window that has no name or another one", async () => {
  answering({ "GET /api/gmail/accounts/": EMPTY });
  const { close } = back("gmail-integration", "status=error&code=conflict");
  expect(await screen.findByText(/the account was being changed by somebody else/)).toBeVisible();
  expect(close).not.toHaveBeenCalled();
});

it("confirms a sign-in in the component alone that opened the popup", async () => {
  const calls = await ended("status=confirm&pending=pnd_1");
  expect(await screen.findAllByText("ada@example.com is connected.")).toHaveLength(1);
  expect(asked(calls, "POST /api/gmail/oauth2callback/")).toBe(1);
});

it("says a failure there alone", async () => {
  await ended("status=error&code=consent_denied");
  expect(await screen.findAllByText(/access was not allowed on Google's page/)).toHaveLength(1);
});

it("says there alone that it is connected, and shows the account in both", async () => {
  const calls = await ended("status=connected&account=acc_1");
  await waitFor(() => expect(asked(calls, "GET /api/gmail/accounts/")).toBe(4));
  expect(await screen.findAllByText("The account is connected.")).toHaveLength(1);
});

describe("where the page that opened the popup was reloaded meanwhile", () => {
  it.each([
    ["status=confirm&pending=pnd_1", "ada@example.com is connected."],
    ["status=error&code=consent_denied", /access was not allowed on Google's page/],
  ])("the popup says and finishes it itself: %s", async (said, shown) => {
    const { calls, opener, name } = await opened();
    opener.unmount();
    const { close } = back(name, said);
    expect(screen.getByText("You can close this window.")).toBeVisible();
    expect(await screen.findAllByText(shown)).toHaveLength(1);
    expect(close).not.toHaveBeenCalled();
    expect(window.name).toBe("");
    expect(asked(calls, "POST /api/gmail/oauth2callback/")).toBe(said.startsWith("status=confirm") ? 1 : 0);
  });
});
