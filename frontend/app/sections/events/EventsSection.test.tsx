import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { answering, show } from "../../testing/render";

// Loading is not what is tested.
beforeAll(() => import("./EventsSection"), 60_000);
afterEach(() => {
  location.hash = "";
});

const ENDPOINT = {
  id: "end_1",
  url: "https://hooks.example.com/",
  events: ["*"],
  enabled: true,
  created_at: "2027-03-01T12:00:00Z",
  disabled_at: null,
  disabled_reason: null,
  failing_since: null,
  secrets: [{ created_at: "2027-03-01T12:00:00Z", expires_at: null }],
};
const MADE = { ...ENDPOINT, secret: "whsec_once" };

/** At a place; what `call` answers comes when it is called for. */
function visit(place: string, call: string, body: object) {
  let answer = () => {};
  answering({
    "GET /api/gmail/accounts/": { accounts: [], next_page_token: null },
    "GET /api/gmail/endpoints/": { endpoints: [ENDPOINT] },
    "GET /api/gmail/endpoints/end_1/": ENDPOINT,
    "GET /api/gmail/endpoints/end_1/deliveries/": { deliveries: [], next_page_token: null },
    "GET /api/gmail/history/": { sends: [], next_page_token: null },
    [call]: new Promise((resolve) => {
      answer = () => resolve(body);
    }),
  });
  location.hash = place;
  show({ routing: "hash" });
  return () => answer();
}

const press = async (name: string) => userEvent.click(await screen.findByRole("button", { name }));
const goElsewhere = () =>
  act(() => {
    history.replaceState(null, "", "#/history");
    window.dispatchEvent(new HashChangeEvent("hashchange"));
  });
async function rotate() {
  await press("More");
  await userEvent.click(await screen.findByRole("menuitem", { name: "New secret" }));
  return screen.findByRole("alertdialog", { name: "Make a new secret?" });
}

it("leaves a dialog open that was opened since an edit was saved", async () => {
  const answer = visit("/events/end_1", "PUT /api/gmail/endpoints/end_1/", ENDPOINT);
  await press("Edit");
  await press("Save");
  await userEvent.keyboard("{Escape}");
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  const dialog = await rotate();
  answer();
  expect(await screen.findByText("The endpoint is saved.")).toBeInTheDocument();
  expect(dialog).toBeVisible();
});

it("does not let go of a new secret before it was shown", async () => {
  const answer = visit("/events/end_1", "POST /api/gmail/endpoints/end_1/secrets/", MADE);
  const dialog = await rotate();
  await userEvent.click(within(dialog).getByRole("button", { name: "Make a new secret" }));
  expect(within(dialog).getByRole("button", { name: "Cancel" })).toBeDisabled();
  await userEvent.keyboard("{Escape}");
  expect(dialog).toBeVisible();
  answer();
  expect(await screen.findByText("whsec_once")).toBeVisible();
  await press("I have it");
  expect(screen.queryByRole("alertdialog")).toBeNull();
});

it.each([
  ["/events", "POST /api/gmail/endpoints/"],
  ["/events/end_1", "POST /api/gmail/endpoints/end_1/secrets/"],
])("shows a secret though one has gone elsewhere meanwhile, such as back: %s", async (place, call) => {
  const answer = visit(place, call, MADE);
  if (place === "/events") {
    await press("Add an endpoint");
    await userEvent.type(await screen.findByRole("textbox", { name: "URL" }), ENDPOINT.url);
    await press("Add");
  } else {
    await rotate();
    await press("Make a new secret");
  }
  goElsewhere();
  await waitFor(() => expect(screen.queryByRole("dialog") ?? screen.queryByRole("alertdialog")).toBeNull());
  answer();
  expect(await screen.findByText("whsec_once")).toBeVisible();
  expect(location.hash).toBe("#/history");
});

it("goes to a new endpoint, and says that it is added once its secret is put away", async () => {
  visit("/events", "POST /api/gmail/endpoints/", MADE)();
  await press("Add an endpoint");
  await userEvent.type(await screen.findByRole("textbox", { name: "URL" }), ENDPOINT.url);
  await press("Add");
  expect(await screen.findByText("whsec_once")).toBeVisible();
  expect(location.hash).toBe("#/events/end_1");
  await press("I have it");
  expect(await screen.findByText("The endpoint is added.")).toBeVisible();
});
