import type { Send, SendEvent, SendStatus } from "../../api/history";
import type { Tone } from "../../ui/Badge";

/** The badge's colour of a status. */
export const statusTones: Record<SendStatus, Tone> = {
  scheduled: "calm",
  queued: "calm",
  sending: "calm",
  sent: "good",
  failed: "bad",
  cancelled: "calm",
  unknown: "warn",
};

/** Whether the page may offer it. The API decides; it may have become too late meanwhile. */
export function may({ status, resent_as, gmail_thread_id }: Pick<Send, "status" | "resent_as" | "gmail_thread_id">) {
  const waits = status === "scheduled" || status === "queued";
  const open = waits || status === "sending";
  return {
    cancel: waits,
    move: waits,
    resend: !open && !resent_as,
    reply: status === "sent" && Boolean(gmail_thread_id),
  };
}

/** How an event looks: what people did stands out, what programs did does not. */
export function eventTone({ type, verdict }: Pick<SendEvent, "type" | "verdict">): Tone {
  switch (type) {
    case "sent":
      return "good";
    case "opened":
    case "clicked":
      return verdict === "human" || verdict === "proxy" ? "good" : "calm";
    case "replied":
      return "good";
    case "failed":
      return "bad";
    case "bounced":
      return verdict === "hard" ? "bad" : "warn";
    case "unknown":
    case "delayed":
    case "deferred":
    case "unsubscribed":
      return "warn";
    default:
      return "calm";
  }
}

/** Whether an open or a click counts as a person's; null for all else. */
export function counted({ type, verdict }: Pick<SendEvent, "type" | "verdict">): boolean | null {
  if (type !== "opened" && type !== "clicked") return null;
  return verdict === "human" || verdict === "proxy";
}

/** What was seen, as lines of name and value: nested values as JSON, and nothing that is empty. */
export function evidenceLines(evidence: unknown): [string, string][] {
  return Object.entries(evidence ?? {}).flatMap(([name, value]: [string, unknown]): [string, string][] => {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    return value === null || ["", "{}", "[]"].includes(text) ? [] : [[name, text]];
  });
}
