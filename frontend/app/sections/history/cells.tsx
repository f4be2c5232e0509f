import type { Send } from "../../api/history";
import type { Strings } from "../../i18n/en";
import { useStrings } from "../../integration/context";
import { Badge } from "../../ui/Badge";
import { Soft } from "../../ui/layout";
import { statusTones } from "./states";

export function StatusBadge({ status }: { status: Send["status"] }) {
  const t = useStrings().history.statuses;
  return <Badge tone={statusTones[status]}>{t[status]}</Badge>;
}

/** To whom: the first one, and how many more. */
export function Recipients({ send }: { send: Send }) {
  const t = useStrings().history;
  const all = [...send.to, ...send.cc, ...send.bcc];
  const first = all[0]?.email ?? "";
  return <Soft>{t.to(all.length > 1 ? t.andMore(first, all.length - 1) : first)}</Soft>;
}

/** What came of it; "" for nothing. Opens and clicks are those of people. */
export function activityOf({ counts }: Send, t: Strings["history"]["activity"]): string {
  return (["opens", "clicks", "replies", "bounces"] as const)
    .filter((name) => counts[name] > 0)
    .map((name) => t[name](counts[name]))
    .join(", ");
}

/** When it went out, or will; else when it was made. The status tells which. */
export function timeOf(send: Send): string {
  return send.sent_at ?? send.next_attempt_at ?? send.created_at;
}
