import { expect, it } from "vitest";
import type { TriggerRequest } from "../../api/triggers";
import { RECIPES } from "./recipes";
import { sampleFor } from "./sample";

const asked = ({ filter, mapping, allowed_domains }: Partial<TriggerRequest>) => ({
  filter: filter ?? null,
  mapping: mapping ?? {},
  allowed_domains: allowed_domains ?? [],
});

it("makes a payload that the filter wants, with what the message needs", () => {
  const { template, trigger } = RECIPES["payment-failed"];
  const sample = sampleFor(asked(trigger), template.variables ?? []);
  expect(sample).toEqual({
    type: "invoice.payment_failed",
    data: {
      object: {
        customer_name: "name",
        number: "invoice",
        amount_remaining: 1,
        currency: "currency",
        hosted_invoice_url: "link",
        attempt_count: 1,
        customer_email: "grace@example.com",
      },
    },
  });
});

it("takes the first of several paths, the members of a list, and leaves out what must not be there", () => {
  const release = RECIPES["new-release"];
  const of = asked(release.trigger);
  expect(sampleFor(of, release.template.variables ?? [])).toMatchObject({
    action: "published",
    release: { name: "title" },
  });
  expect(sampleFor(of)["release"]).not.toHaveProperty("prerelease");
  const order = RECIPES["order-shipped"];
  expect(sampleFor(asked(order.trigger), order.template.variables ?? [])).toMatchObject({
    order_id: "…",
    status: "success",
    line_items: [{ quantity: "quantity", title: "title" }],
  });
});

it("uses the variable's own sample, and an address that is allowed", () => {
  const mapping = { variables: { when: "at" }, to: [{ path: "email" }] };
  expect(sampleFor(asked({ mapping, allowed_domains: ["*.example.org"] }), [{ key: "when", sample: "today" }])).toEqual(
    {
      at: "today",
      email: "grace@mail.example.org",
    },
  );
});

it("leaves alone what it can't read", () => {
  const mapping = { variables: { a: "sum(lines[].n)", b: "join(' ', [x, y])" }, to: [{ path: "people[0].email" }] };
  expect(sampleFor(asked({ filter: "contains(['a'], b) && total >= `100`", mapping }))).toEqual({ total: "…" });
});
