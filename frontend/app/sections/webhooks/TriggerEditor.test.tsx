import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { answering, show } from "../../testing/render";

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
};

function edit(trigger: object) {
  const calls = answering({
    "GET /api/gmail/accounts/": { accounts: [{ id: "acc_1", email: "ada@example.com" }], next_page_token: null },
    "GET /api/gmail/templates/": { templates: [], next_page_token: null },
    "GET /api/gmail/triggers/trg_1/": trigger,
    "PUT /api/gmail/triggers/trg_1/": trigger,
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
