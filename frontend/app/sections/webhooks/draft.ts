import type {
  HmacRules,
  NewTriggerRequest,
  RecipientRule,
  Trigger,
  TriggerRequest,
  TriggerScheme,
} from "../../api/triggers";
import type { TemplateVariable } from "../../api/templates";
import { delayOf, secondsOf, type Delay } from "./delay";

/** A recipient as it is written: an address, or a JMESPath to one. */
export interface Recipient {
  from: "fixed" | "payload";
  value: string;
}

/** One variable of the message, and where its value stands in the payload. */
export interface Row {
  name: string;
  path: string;
}

export type HmacDraft = { [Name in keyof Required<HmacRules>]: string };
export const RECIPIENTS = ["to", "cc", "bcc", "reply_to"] as const;
export type RecipientField = (typeof RECIPIENTS)[number];

/** A trigger while it is written. `message`: a template, written here, or a template that a recipe brings along. */
export interface TriggerDraft extends Record<RecipientField, readonly Recipient[]> {
  name: string;
  enabled: boolean;
  account: string;
  message: "template" | "written" | "recipe";
  template: string | null;
  version: number | null;
  subject: string;
  html: string;
  text: string;
  scheme: TriggerScheme;
  hmac: HmacDraft;
  secret: string;
  filter: string;
  variables: readonly Row[];
  domains: readonly string[];
  delay: Delay;
  perMinute: number | null;
  perDay: number | null;
  transactional: boolean;
}

export const HMAC: HmacDraft = {
  header: "X-Signature",
  algorithm: "sha256",
  encoding: "hex",
  prefix: "",
  id_header: "",
  timestamp_header: "",
};

export const EMPTY: TriggerDraft = {
  name: "",
  enabled: true,
  account: "",
  message: "template",
  template: null,
  version: null,
  subject: "",
  html: "",
  text: "",
  scheme: "standard-webhooks",
  hmac: HMAC,
  secret: "",
  filter: "",
  variables: [],
  to: [{ from: "fixed", value: "" }],
  cc: [],
  bcc: [],
  reply_to: [],
  domains: [],
  delay: { amount: null, unit: "minutes" },
  perMinute: null,
  perDay: null,
  transactional: false,
};

/** What may be kept in the tab: a secret stays in its field alone. */
function withoutSecret(draft: TriggerDraft): TriggerDraft {
  return { ...draft, secret: "" };
}

/** How a draft is kept; the template's version is that of no other, nor are the rules of a scheme. */
export const KEPT = {
  fit: withoutSecret,
  together: [
    ["message", "template", "version"],
    ["scheme", "hmac"],
  ],
} as const;

/** What can be changed of a trigger, or of a request for one. */
export function draftOf(given: Trigger | TriggerRequest): TriggerDraft {
  const { mapping, rate } = given;
  return {
    name: given.name,
    enabled: given.enabled !== false,
    account: given.account ?? "",
    message: given.template || given.subject === undefined ? "template" : "written",
    template: given.template?.id ?? null,
    version: given.template?.version ?? null,
    subject: given.subject ?? "",
    html: given.html ?? "",
    text: given.text ?? "",
    scheme: given.scheme,
    hmac: { ...HMAC, ...withoutNulls(given.hmac ?? {}) },
    secret: "",
    filter: given.filter ?? "",
    variables: Object.entries(mapping.variables ?? {}).map(([name, path]) => ({ name, path })),
    to: recipients(mapping.to),
    cc: recipients(mapping.cc),
    bcc: recipients(mapping.bcc),
    reply_to: recipients(mapping.reply_to),
    domains: given.allowed_domains ?? [],
    delay: delayOf(given.delay_seconds ?? 0),
    perMinute: rate?.per_minute ?? null,
    perDay: rate?.per_day ?? null,
    transactional: given.transactional ?? false,
  };
}

/** What the API is asked for. Rows keep their places, so that its pointers lead back to them. */
export function requestOf(draft: TriggerDraft): Omit<NewTriggerRequest, "secrets"> {
  return {
    name: draft.name.trim(),
    enabled: draft.enabled,
    ...(draft.account ? { account: draft.account } : {}),
    ...messageOf(draft),
    scheme: draft.scheme,
    ...(draft.scheme === "hmac" ? { hmac: hmacOf(draft.hmac) } : {}),
    filter: draft.filter.trim() || null,
    mapping: {
      variables: Object.fromEntries(
        draft.variables.filter((row) => row.path.trim()).map(({ name, path }) => [name.trim(), path.trim()]),
      ),
      to: draft.to.map(rule),
      cc: draft.cc.map(rule),
      bcc: draft.bcc.map(rule),
      reply_to: draft.reply_to.map(rule),
    },
    ...(draft.domains.length ? { allowed_domains: [...draft.domains] } : {}),
    delay_seconds: secondsOf(draft.delay),
    rate: { per_minute: draft.perMinute, per_day: draft.perDay },
    transactional: draft.transactional,
  };
}

export function newRequestOf(draft: TriggerDraft): NewTriggerRequest {
  const secret = draft.secret.trim();
  return { ...requestOf(draft), ...(secret ? { secrets: [secret] } : {}) };
}

/** With a row for each variable that the template declares; those that it does not know stay while they say something. */
export function rowsFor(rows: readonly Row[], declared: readonly TemplateVariable[]): Row[] {
  const paths = new Map(rows.map((row) => [row.name, row.path]));
  const names = new Set(declared.map((one) => one.key));
  return [
    ...declared.map(({ key }) => ({ name: key, path: paths.get(key) ?? "" })),
    ...rows.filter((row) => !names.has(row.name) && row.path.trim()),
  ];
}

/** Names that stand twice: the payload can give only one of them. */
export function repeated(rows: readonly Row[]): ReadonlySet<string> {
  const names = rows.map((row) => row.name.trim()).filter(Boolean);
  return new Set(names.filter((name, index) => names.indexOf(name) !== index));
}

/** Whether an address comes out of the payload, so that its domain has to be allowed. */
export function readsAddresses(draft: Pick<TriggerDraft, RecipientField>): boolean {
  return RECIPIENTS.some((field) => draft[field].some((one) => one.from === "payload"));
}

/** A member of an object as a part of a JSON pointer (RFC 6901 §3). */
export function pointerPart(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}

function messageOf(draft: TriggerDraft): Pick<TriggerRequest, "template" | "subject" | "html" | "text"> {
  if (draft.message === "written") {
    const { subject, html, text } = draft;
    return { subject, ...(html ? { html } : {}), ...(text ? { text } : {}) };
  }
  if (draft.template === null) return {};
  return { template: { id: draft.template, ...(draft.version === null ? {} : { version: draft.version }) } };
}

function hmacOf(given: HmacDraft): HmacRules {
  return {
    header: given.header.trim(),
    algorithm: given.algorithm === "sha512" ? "sha512" : "sha256",
    encoding: given.encoding === "base64" ? "base64" : "hex",
    prefix: given.prefix,
    id_header: given.id_header.trim(),
    timestamp_header: given.timestamp_header.trim(),
  };
}

function recipients(rules: readonly RecipientRule[] | null | undefined): Recipient[] {
  return (rules ?? []).map(({ email, path }) =>
    path === undefined ? { from: "fixed", value: email ?? "" } : { from: "payload", value: path },
  );
}

function rule({ from, value }: Recipient): RecipientRule {
  return from === "fixed" ? { email: value.trim() } : { path: value.trim() };
}

function withoutNulls(rules: Partial<HmacRules>): Partial<HmacDraft> {
  return Object.fromEntries(Object.entries(rules).filter((entry) => entry[1] !== null));
}
