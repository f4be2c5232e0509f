import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { answering, problem, show } from "../../testing/render";

// Loading is not what is tested.
beforeAll(() => import("./WebhooksSection"), 60_000);
afterEach(() => {
  location.hash = "";
  sessionStorage.clear();
});

const TRIGGER = {
  id: "trg_1",
  name: "Shop",
  enabled: true,
  account: null,
  subject: "Thanks",
  html: null,
  text: "Hello",
  template: null,
  scheme: "standard-webhooks",
  hmac: null,
  url: "https://mail.example.com/hooks/trg_1",
  filter: null,
  mapping: { variables: {}, to: [{ email: "grace@example.com" }], cc: [], bcc: [], reply_to: [] },
  allowed_domains: [],
  delay_seconds: 0,
  rate: { per_minute: null, per_day: null },
  transactional: false,
  secrets: [{ created_at: "2027-03-01T12:00:00Z", expires_at: null }],
};
const DELIVERIES = { "GET /api/gmail/triggers/trg_1/deliveries/": { deliveries: [], next_page_token: null } };

function edit(trigger: object) {
  const calls = answering({
    "GET /api/gmail/accounts/": { accounts: [{ id: "acc_1", email: "ada@example.com" }], next_page_token: null },
    "GET /api/gmail/templates/": { templates: [], next_page_token: null },
    "GET /api/gmail/triggers/trg_1/": trigger,
    "PUT /api/gmail/triggers/trg_1/": trigger,
    ...DELIVERIES,
  });
  location.hash = "/webhooks/trg_1/edit";
  return { ...show({ routing: "hash" }), calls };
}

it("does not turn a trigger on again that was turned off since its form was left", async () => {
  const { unmount } = edit(TRIGGER);
  await userEvent.type(await screen.findByRole("textbox", { name: "Name" }), " 2");
  unmount();
  const { calls } = edit({ ...TRIGGER, enabled: false });
  expect(await screen.findByRole("textbox", { name: "Name" })).toHaveValue("Shop 2");
  await userEvent.click(screen.getByRole("button", { name: "Save" }));
  await waitFor(() => expect(calls.lines).toContain("PUT /api/gmail/triggers/trg_1/"));
  expect(calls.bodies[calls.lines.indexOf("PUT /api/gmail/triggers/trg_1/")]).toMatchObject({
    name: "Shop 2",
    enabled: false,
  });
});

it("says where somebody else has changed what was changed here and not saved", async () => {
  const { unmount } = edit(TRIGGER);
  await userEvent.type(await screen.findByRole("textbox", { name: "Name" }), " 2");
  unmount();
  edit({ ...TRIGGER, name: "Theirs" });
  expect(await screen.findByRole("textbox", { name: "Name" })).toHaveValue("Shop 2");
  expect(await screen.findByText(/was changed elsewhere, too/)).toBeVisible();
});

describe("the secret of a new trigger", () => {
  const MADE = { ...TRIGGER, secrets: [{ ...TRIGGER.secrets[0], secret: "whsec_once" }] };
  const secret = () => screen.findByRole("alertdialog", { name: "The trigger's secret" });

  /** "Make the trigger" is pressed; the answer comes when it is called for. */
  async function making() {
    let answer: (made?: unknown) => void = () => {};
    const calls = answering({
      "GET /api/gmail/accounts/": { accounts: [{ id: "acc_1", email: "ada@example.com" }], next_page_token: null },
      "GET /api/gmail/templates/": { templates: [], next_page_token: null },
      "GET /api/gmail/triggers/": { triggers: [], next_page_token: null },
      "GET /api/gmail/triggers/trg_1/": TRIGGER,
      "GET /api/gmail/history/": { sends: [], next_page_token: null },
      "POST /api/gmail/triggers/": new Promise((resolve) => {
        answer = (made = MADE) => resolve(made);
      }),
      ...DELIVERIES,
    });
    location.hash = "/webhooks/new";
    show({ routing: "hash" });
    await userEvent.type(await screen.findByRole("textbox", { name: "Name" }), "Shop");
    await userEvent.click(screen.getByRole("button", { name: "Make the trigger" }));
    await waitFor(() => expect(leave()).toBe(false));
    return { calls, answer };
  }
  const go = (place: string) =>
    act(() => {
      history.replaceState(null, "", `#${place}`);
      window.dispatchEvent(new HashChangeEvent("hashchange"));
    });
  const name = () => screen.queryByRole("textbox", { name: "Name" });
  const leave = () => window.dispatchEvent(new Event("beforeunload", { cancelable: true }));

  it("is shown over its page", async () => {
    (await making()).answer();
    const shown = await secret();
    expect(shown).toHaveTextContent("whsec_once");
    expect(location.hash).toBe("#/webhooks/trg_1");
    expect(leave()).toBe(false); // the browser asks first: it would be gone
    await userEvent.click(within(shown).getByRole("button", { name: "I have it" }));
    expect(await screen.findByText(/^The trigger is made/)).toBeVisible();
    expect(screen.queryByText("whsec_once")).toBeNull();
    expect(leave()).toBe(true);
  });

  it("is shown though one has gone elsewhere meanwhile, where one is left then", async () => {
    const { answer } = await making();
    go("/history");
    await waitFor(() => expect(name()).toBeNull());
    answer();
    expect(await secret()).toHaveTextContent("whsec_once");
    expect(location.hash).toBe("#/history");
  });

  it.each([
    ["an empty form once it is made", MADE, ""],
    ["what was written where it was refused", problem(422, "invalid_request"), "Shop"],
  ])("and who comes back before that gets %s, not a second trigger", async (_, body, value) => {
    const { calls, answer } = await making();
    go("/history");
    await waitFor(() => expect(name()).toBeNull());
    go("/webhooks/new");
    await screen.findByRole("heading", { name: "New trigger" });
    expect(name()).toBeNull();
    answer(body);
    if (body === MADE) await userEvent.click(within(await secret()).getByRole("button", { name: "I have it" }));
    expect(await screen.findByRole("textbox", { name: "Name" })).toHaveValue(value);
    expect(calls.lines.filter((line) => line === "POST /api/gmail/triggers/")).toHaveLength(1);
  });
});
