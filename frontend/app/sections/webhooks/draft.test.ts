import { expect, it } from "vitest";
import type { Trigger } from "../../api/triggers";
import { draftOf, EMPTY, newRequestOf, pointerPart, readsAddresses, repeated, requestOf, rowsFor } from "./draft";

// What its owner wrote, but for the message.
const WRITTEN = {
  name: "Order paid",
  enabled: false,
  account: "acc_1",
  scheme: "hmac" as const,
  hmac: {
    header: "X-Sign",
    encoding: "base64" as const,
    prefix: "v1=",
    algorithm: "sha512" as const,
    id_header: "",
    timestamp_header: "X-At",
  },
  filter: "type == 'paid'",
  mapping: {
    variables: { name: "customer.name" },
    to: [{ path: "customer.email" }, { email: "team@example.com" }],
    cc: [],
    bcc: [{ email: "archive@example.com" }],
    reply_to: [],
  },
  allowed_domains: ["example.com"],
  delay_seconds: 7200,
  rate: { per_minute: 5, per_day: null },
  transactional: true,
};
const SHOWN = {
  id: "trg_1",
  url: "https://mail.example.com/api/gmail/hooks/trg_1/",
  secrets: [{ created_at: "2027-03-01T00:00:00Z", expires_at: null }],
  failures: 2,
  failing_since: "2027-03-02T00:00:00Z",
  problem: null,
  created_at: "2027-03-01T00:00:00Z",
  updated_at: "2027-03-01T00:00:00Z",
};
const template = { id: "tpl_1", version: 3 };
const TRIGGER: Trigger = { ...WRITTEN, ...SHOWN, template };

it("saves a trigger as it is where nothing was changed", () => {
  expect(requestOf(draftOf(TRIGGER))).toEqual({ ...WRITTEN, template });
});

it("keeps a message that stands in the trigger, with no template beside it", () => {
  const draft = draftOf({ ...WRITTEN, ...SHOWN, subject: "Paid", html: "<p>Paid</p>", text: null });
  expect(draft).toMatchObject({ message: "written", subject: "Paid", html: "<p>Paid</p>", text: "" });
  expect(requestOf(draft)).toEqual({ ...WRITTEN, subject: "Paid", html: "<p>Paid</p>" });
});

it("leaves a message that is not chosen out, though it was written", () => {
  const draft = { ...draftOf(TRIGGER), subject: "Written before", html: "<p>…</p>" };
  expect(requestOf(draft)).not.toHaveProperty("subject");
  expect(requestOf({ ...draft, scheme: "stripe" })).not.toHaveProperty("hmac");
});

it("keeps a recipient that is still empty, so that the API's pointers lead to the right row", () => {
  const to = [
    { from: "fixed" as const, value: "" },
    { from: "payload" as const, value: " customer.email " },
  ];
  expect(requestOf({ ...EMPTY, to }).mapping.to).toEqual([{ email: "" }, { path: "customer.email" }]);
});

it("gives the sender's secret only where there is one", () => {
  expect(newRequestOf(EMPTY)).not.toHaveProperty("secrets");
  expect(newRequestOf({ ...EMPTY, secret: " whsec_1 " }).secrets).toEqual(["whsec_1"]);
});

it("offers a row for each variable that the template declares, and drops what says nothing", () => {
  const rows = [
    { name: "name", path: "customer.name" },
    { name: "old", path: "was.there" },
    { name: "gone", path: " " },
  ];
  expect(rowsFor(rows, [{ key: "number" }, { key: "name" }])).toEqual([
    { name: "number", path: "" },
    { name: "name", path: "customer.name" },
    { name: "old", path: "was.there" },
  ]);
});

it("sees a name that stands twice, however it is spaced", () => {
  expect(
    repeated([
      { name: "a", path: "" },
      { name: " a ", path: "" },
      { name: "", path: "" },
      { name: "", path: "" },
    ]),
  ).toEqual(new Set(["a"]));
});

it("knows whether addresses come out of the payload, wherever they stand", () => {
  expect(readsAddresses(EMPTY)).toBe(false);
  expect(readsAddresses({ ...EMPTY, reply_to: [{ from: "payload", value: "" }] })).toBe(true);
});

it("writes a name as a part of a JSON pointer", () => {
  expect(pointerPart("a/b~c")).toBe("a~1b~0c");
});
