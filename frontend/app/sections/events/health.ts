import type { Delivery, Endpoint } from "../../api/endpoints";
import type { Tone } from "../../ui/Badge";

/** `disabled`: the service turned it off, and says why. `off`: its owner did. */
export type Health = "enabled" | "failing" | "disabled" | "off";

export function healthOf(endpoint: Pick<Endpoint, "enabled" | "disabled_reason" | "failing_since">): Health {
  if (!endpoint.enabled) return endpoint.disabled_reason ? "disabled" : "off";
  return endpoint.failing_since ? "failing" : "enabled";
}

export const deliveryTones: Record<Delivery["status"], Tone> = {
  pending: "calm",
  delivered: "good",
  failed: "bad",
  cancelled: "warn",
};

type Attempt = Delivery["attempts"][number];

/** Whether the endpoint took it: only 2xx counts. */
export function arrived({ status_code: code }: Pick<Attempt, "status_code">): boolean {
  return code !== null && code >= 200 && code < 300;
}
