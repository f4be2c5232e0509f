import type { TemplateRequest } from "../../api/templates";
import type { TriggerRequest } from "../../api/triggers";
import { draftOf, type TriggerDraft } from "./draft";

export const RECIPE_IDS = ["payment-failed", "new-release", "order-shipped", "contact-form"] as const;
export type RecipeId = (typeof RECIPE_IDS)[number];

/** A template, and a trigger that uses it. They are those of docs/webhooks.md, which a test compares. */
export interface Recipe {
  template: TemplateRequest;
  trigger: Omit<TriggerRequest, "template">;
}

/** A draft to go on from. The examples' own addresses are left out: whoever uses it has others. */
export function draftOfRecipe(id: RecipeId): TriggerDraft {
  const draft = draftOf(RECIPES[id].trigger);
  const payloadOnly = (field: "cc" | "bcc" | "reply_to") => draft[field].filter((one) => one.from === "payload");
  return {
    ...draft,
    message: "recipe",
    to: draft.to.map((one) => (one.from === "fixed" ? { ...one, value: "" } : one)),
    cc: payloadOnly("cc"),
    bcc: payloadOnly("bcc"),
    reply_to: payloadOnly("reply_to"),
  };
}

export const RECIPES: Record<RecipeId, Recipe> = {
  "payment-failed": {
    template: {
      name: "Payment failed",
      subject: "Your payment for invoice {{ invoice }} did not go through",
      html: [
        "<p>Dear {{ name }},</p>",
        '<p>we could not collect {{ cents | divided_by: 100 }}.{{ cents | modulo: 100 | prepend: "0" | slice: -2, 2 }} ' +
          "{{ currency | upcase }} for invoice {{ invoice }}. Your card may have expired.</p>",
        '<p><a href="{{ link }}">Pay with another card</a></p>',
        "{% if attempts > 2 %}<p>This was attempt {{ attempts }}.</p>{% endif %}",
      ].join("\n"),
      variables: [
        { key: "name", fallback: "customer" },
        { key: "invoice" },
        { key: "cents", type: "number" },
        { key: "currency" },
        { key: "link" },
        { key: "attempts", type: "number", fallback: 1 },
      ],
    },
    trigger: {
      name: "Stripe: payment failed",
      scheme: "stripe",
      filter: "type == 'invoice.payment_failed' && data.object.customer_email",
      mapping: {
        variables: {
          name: "data.object.customer_name",
          invoice: "data.object.number",
          cents: "data.object.amount_remaining",
          currency: "data.object.currency",
          link: "data.object.hosted_invoice_url",
          attempts: "data.object.attempt_count",
        },
        to: [{ path: "data.object.customer_email" }],
      },
      allowed_domains: ["*"],
      transactional: true,
      rate: { per_minute: 60, per_day: 500 },
    },
  },
  "new-release": {
    template: {
      name: "New release",
      subject: "{{ project }} {{ version }} is out",
      html: [
        "<h1>{{ title }}</h1>",
        "<p>{{ author }} has released {{ project }} {{ version }}.</p>",
        "<p>{{ notes | newline_to_br }}</p>",
        '<p><a href="{{ link }}">Read more</a></p>',
      ].join("\n"),
      variables: [
        { key: "project" },
        { key: "version" },
        { key: "title" },
        { key: "author" },
        { key: "notes", fallback: "" },
        { key: "link" },
      ],
    },
    trigger: {
      name: "GitHub: new release",
      scheme: "github",
      filter: "action == 'published' && release && !(release.prerelease)",
      mapping: {
        variables: {
          project: "repository.name",
          version: "release.tag_name",
          title: "release.name || release.tag_name",
          author: "release.author.login",
          notes: "release.body",
          link: "release.html_url",
        },
        to: [{ email: "grace@example.com" }],
        bcc: [{ email: "alan@example.org" }],
      },
    },
  },
  "order-shipped": {
    template: {
      name: "Order shipped",
      subject: "Your order is on its way",
      html: [
        "<p>Dear {{ name }},</p>",
        "<p>we have sent you:</p>",
        "<ul>{% for line in lines %}<li>{{ line.title }} ({{ line.count }})</li>{% endfor %}</ul>",
        '{% if link %}<p>{{ carrier }} has it: <a href="{{ link }}">{{ number }}</a></p>{% endif %}',
      ].join("\n"),
      variables: [
        { key: "name", fallback: "customer" },
        { key: "lines", type: "list" },
        { key: "carrier", fallback: "The carrier" },
        { key: "number", fallback: "" },
        { key: "link", fallback: "" },
      ],
    },
    trigger: {
      name: "Shopify: order shipped",
      scheme: "shopify",
      filter: "order_id && line_items && email && status == 'success'",
      mapping: {
        variables: {
          name: "destination.first_name",
          lines: "line_items[].{count: quantity, title: title}",
          carrier: "tracking_company",
          number: "tracking_number",
          link: "tracking_url",
        },
        to: [{ path: "email" }],
      },
      allowed_domains: ["*"],
      transactional: true,
    },
  },
  "contact-form": {
    template: {
      name: "Contact form",
      subject: "{{ name }} wrote through the form",
      html: "<p>{{ name }} ({{ email }}) wrote:</p>\n<blockquote>{{ message | newline_to_br }}</blockquote>",
      variables: [{ key: "name" }, { key: "email" }, { key: "message" }],
    },
    trigger: {
      name: "Contact form",
      scheme: "standard-webhooks",
      filter: "type == 'contact.submitted' && data.message",
      mapping: {
        variables: { name: "data.name", email: "data.email", message: "data.message" },
        to: [{ email: "grace@example.com" }],
        reply_to: [{ path: "data.email" }],
      },
      allowed_domains: ["*"],
      rate: { per_minute: 5, per_day: 200 },
    },
  },
};
