import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { answering, show, type Calls } from "../testing/render";
import type { ConnectResult } from "./connect-result";
import { reportFromPopup } from "./popup";

const EMPTY = { accounts: [], next_page_token: null };
const asked = (calls: Calls, line: string) => calls.lines.filter((one) => one.startsWith(line)).length;

/** Two components of one origin, such as of two tabs; the first has opened a popup. Gives what ends that one. */
async function opened() {
  const calls = answering({
    "GET /api/gmail/accounts/": EMPTY,
    "GET /api/gmail/authorize/": { authorization_url: "https://accounts.example/" },
    "POST /api/gmail/oauth2callback/": { id: "acc_1", email: "ada@example.com" },
  });
  const popup = { location: { href: "" } };
  const open = vi.spyOn(window, "open").mockReturnValue(popup as Window);
  show({ connectIn: "popup" });
  show({ connectIn: "popup" });
  const [connect] = await screen.findAllByRole("button", { name: "Connect a Gmail account" });
  await waitFor(() => expect(asked(calls, "GET /api/gmail/accounts/")).toBe(2));
  await userEvent.click(connect as HTMLElement);
  await waitFor(() => expect(popup.location.href).toBe("https://accounts.example/"));
  const end = (result: ConnectResult) => {
    const close = vi.spyOn(window, "close").mockReturnValue();
    window.name = open.mock.calls[0]?.[1] ?? "";
    expect(reportFromPopup(result)).toBe(true);
    expect(close).toHaveBeenCalled();
    window.name = "";
  };
  return { calls, end };
}

it("is no popup of ours in a window that has no name or another one", () => {
  window.name = "gmail-integration";
  expect(reportFromPopup({ status: "error", code: "conflict" })).toBe(false);
  window.name = "";
});

it("confirms a sign-in in the component alone that opened the popup", async () => {
  const { calls, end } = await opened();
  end({ status: "confirm", pending: "pnd_1" });
  expect(await screen.findAllByText("ada@example.com is connected.")).toHaveLength(1);
  expect(asked(calls, "POST /api/gmail/oauth2callback/")).toBe(1);
});

it("says a failure there alone", async () => {
  const { end } = await opened();
  end({ status: "error", code: "consent_denied" });
  expect(await screen.findAllByText(/access was not allowed on Google's page/)).toHaveLength(1);
});

it("says there alone that it is connected, and shows the account in both", async () => {
  const { calls, end } = await opened();
  end({ status: "connected", account: "acc_1" });
  await waitFor(() => expect(asked(calls, "GET /api/gmail/accounts/")).toBe(4));
  expect(await screen.findAllByText("The account is connected.")).toHaveLength(1);
});
