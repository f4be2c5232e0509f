import type { HookVerdict, Trigger } from "../../api/triggers";
import type { Tone } from "../../ui/Badge";

export const VERDICTS = ["accepted", "filtered", "failed", "rate_limited", "refused"] as const;
const FAILING_AT = 5; // failures in a row, of which the API tells the endpoints

/** `broken`: its account can't send. `failing`: five in a row. `shaky`: the last ones failed. `off`: its owner did it. */
export type Health = "on" | "off" | "broken" | "failing" | "shaky";

export function healthOf({ enabled, problem, failures }: Pick<Trigger, "enabled" | "problem" | "failures">): Health {
  if (!enabled) return "off";
  if (problem) return "broken";
  return failures >= FAILING_AT ? "failing" : failures ? "shaky" : "on";
}

export const healthTones: Record<Health, Tone> = {
  on: "good",
  off: "calm",
  broken: "bad",
  failing: "bad",
  shaky: "warn",
};

export const verdictTones: Record<HookVerdict, Tone> = {
  accepted: "good",
  filtered: "calm",
  failed: "bad",
  rate_limited: "warn",
  refused: "bad",
};
