import type { EventType } from "../../api/endpoints";
import type { Strings } from "../../i18n/en";

/** All that an endpoint can hear of. A type that the API has and the strings have not is an error here. */
export const EVENT_TYPES = [
  "send.queued",
  "send.sent",
  "send.failed",
  "send.unknown",
  "send.cancelled",
  "message.opened",
  "message.clicked",
  "message.replied",
  "message.autoreplied",
  "message.bounced",
  "message.delayed",
  "message.unsubscribed",
  "account.connected",
  "account.reauth_required",
  "account.disconnected",
] as const satisfies readonly (EventType & keyof Strings["events"]["types"])[];
