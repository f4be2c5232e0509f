import type { Batch, Send } from "./history";

const SOON = 3_000; // milliseconds
const FRESH = 15_000;
const LATE = 60_000;
const FRESH_FOR = 600_000; // opens and answers come within minutes, if at all while somebody looks

type Watched = Pick<Send, "status" | "next_attempt_at" | "sent_at">;

/** In how many milliseconds these sends should be asked for again; false where nothing is about to happen. */
export function refreshAfter(shown: readonly Watched[], now: number): number | false {
  const waits = shown.map((send) => refreshOne(send, now)).filter((wait) => wait !== false);
  return waits.length ? Math.min(...waits) : false;
}

/** The same of a batch, of which only the numbers are known. */
export function refreshBatchAfter({ counts }: Pick<Batch, "counts">): number | false {
  if (counts["queued"] || counts["sending"]) return SOON;
  return counts["scheduled"] ? LATE : false;
}

function refreshOne(send: Watched, now: number): number | false {
  const due = send.next_attempt_at ? Date.parse(send.next_attempt_at) - now : 0;
  switch (send.status) {
    case "queued":
    case "sending":
    case "scheduled":
      return Math.min(Math.max(due, SOON), LATE);
    case "unknown":
      return send.next_attempt_at ? FRESH : false; // it is being looked for
    case "sent":
      return send.sent_at && now - Date.parse(send.sent_at) < FRESH_FOR ? FRESH : false;
    default:
      return false;
  }
}
