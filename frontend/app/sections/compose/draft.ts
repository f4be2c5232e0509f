import type { Account, SendRequest } from "../../api/accounts";
import type { TemplateVariable } from "../../api/templates";
import { valuesOf } from "../templates/values";
import { readAddress, type Recipient } from "./addresses";

export type Kind = "html" | "text" | "template";

export interface ComposedFile {
  /** Of this page. */
  key: string;
  filename: string;
  size: number;
  /** "att_…" once it is uploaded. */
  id: string | null;
  /** Where it is a picture in the text. */
  contentId: string | null;
  failed: boolean;
}

/** A message while it is written. Plain values only: it is kept for the tab, and comes back after a reload. */
export interface Draft {
  account: string;
  from: string | null;
  to: string[];
  cc: string[];
  bcc: string[];
  subject: string;
  kind: Kind;
  html: string;
  /** Of the HTML, for those who read none. */
  htmlText: string;
  text: string;
  template: string | null;
  values: Record<string, string>;
  files: ComposedFile[];
  later: boolean;
  sendAt: string | null;
  /** Null: as the account's settings say. */
  opens: boolean | null;
  clicks: boolean | null;
  unsubscribe: boolean;
  signature: boolean;
  inReplyTo: { id: string; subject: string } | null;
}

export function emptyDraft(account: string): Draft {
  return {
    account,
    from: null,
    to: [],
    cc: [],
    bcc: [],
    subject: "",
    kind: "html",
    html: "",
    htmlText: "",
    text: "",
    template: null,
    values: {},
    files: [],
    later: false,
    sendAt: null,
    opens: null,
    clicks: null,
    unsubscribe: false,
    signature: false,
    inReplyTo: null,
  };
}

/** The account that a new message goes out from. */
export function defaultOf(accounts: readonly Account[]): string {
  return (accounts.find((one) => one.is_default) ?? accounts[0])?.id ?? "";
}

export function isEmpty(draft: Draft): boolean {
  return !isWritten(draft) && !draft.template && !draft.inReplyTo;
}

/** Whether there is more than a template that was chosen: something that nobody gives back once it is gone. */
export function isWritten({ to, cc, bcc, subject, html, text, values, files }: Draft): boolean {
  return (
    [to, cc, bcc, files].some((list) => list.length) ||
    [subject, html, text, ...Object.values(values)].some((one) => one !== "")
  );
}

export type Mistake =
  "recipient" | "address" | "body" | "template" | "time" | "past" | "uploading" | "failed" | "size" | "list";

/** What has to be mended before the API is asked, by the pointer of its field. `now` in milliseconds. */
export function mistakesOf(
  draft: Draft,
  variables: readonly TemplateVariable[],
  limit: number,
  now: number,
): Record<string, Mistake> {
  const found: Record<string, Mistake> = {};
  for (const name of ["to", "cc", "bcc"] as const) {
    if (draft[name].some((one) => !readAddress(one))) found[`/${name}`] = "address";
  }
  if (!draft.to.length && !draft.cc.length && !draft.bcc.length) found["/to"] = "recipient";
  if (draft.kind === "template") {
    if (!draft.template) found["/template/id"] = "template";
    for (const key of valuesOf(variables, draft.values).wrong) found[`/template/variables/${key}`] = "list";
  } else if (!draft[draft.kind].trim()) found[`/${draft.kind}`] = "body";
  if (draft.later && !draft.sendAt) found["/send_at"] = "time";
  // The API sends at once what should have gone out already.
  if (draft.later && draft.sendAt && Date.parse(draft.sendAt) <= now) found["/send_at"] = "past";
  const files = usedFiles(draft);
  if (files.reduce((sum, file) => sum + file.size, 0) > limit) found["/attachments"] = "size";
  else if (files.some((file) => file.failed)) found["/attachments"] = "failed";
  else if (files.some((file) => !file.id)) found["/attachments"] = "uploading";
  return found;
}

/** Without pictures that were taken out of the text again. */
export function usedFiles(draft: Draft): ComposedFile[] {
  return draft.files.filter(
    (file) => !file.contentId || (draft.kind === "html" && draft.html.includes(`cid:${file.contentId}`)),
  );
}

// The generated type of "an object of anything" is one of nothing.
type Values = NonNullable<NonNullable<SendRequest["template"]>["variables"]>;

/** What the API is asked. `sendAt` in RFC 3339, or null: now. */
export function requestOf(draft: Draft, variables: readonly TemplateVariable[], sendAt: string | null): SendRequest {
  const template = draft.kind === "template";
  const tracking = {
    ...(draft.opens === null ? {} : { opens: draft.opens }),
    ...(draft.clicks === null ? {} : { clicks: draft.clicks }),
  };
  const files = usedFiles(draft);
  return {
    account: draft.account,
    ...(draft.from ? { from: { email: draft.from } } : {}),
    ...recipients(draft),
    ...(draft.subject || !(template || draft.inReplyTo) ? { subject: draft.subject } : {}),
    ...(draft.kind === "html" ? { html: draft.html, ...(draft.htmlText.trim() ? { text: draft.htmlText } : {}) } : {}),
    ...(draft.kind === "text" ? { text: draft.text } : {}),
    ...(template && draft.template
      ? { template: { id: draft.template, variables: valuesOf(variables, draft.values).values as Values } }
      : {}),
    ...(files.length
      ? {
          attachments: files.map(({ id, contentId }) => ({
            id: id ?? "",
            ...(contentId ? { content_id: contentId } : {}),
          })),
        }
      : {}),
    ...(draft.inReplyTo ? { in_reply_to_send: draft.inReplyTo.id } : {}),
    ...(draft.kind !== "text" && Object.keys(tracking).length ? { tracking } : {}),
    ...(draft.unsubscribe ? { unsubscribe: true } : {}),
    ...(draft.signature ? { signature: true } : {}),
    ...(sendAt ? { send_at: sendAt } : {}),
  };
}

function recipients(draft: Draft): Partial<Record<"to" | "cc" | "bcc", Recipient[]>> {
  const made: Partial<Record<"to" | "cc" | "bcc", Recipient[]>> = {};
  for (const name of ["to", "cc", "bcc"] as const) {
    const found = draft[name].map(readAddress).filter((one) => one !== null);
    if (found.length) made[name] = found;
  }
  return made;
}
