export const UNITS = ["seconds", "minutes", "hours", "days"] as const;
export type DelayUnit = (typeof UNITS)[number];

/** How long a send waits; null for not at all. */
export interface Delay {
  amount: number | null;
  unit: DelayUnit;
}

const SECONDS: Record<DelayUnit, number> = { seconds: 1, minutes: 60, hours: 3600, days: 86_400 };

export function secondsOf({ amount, unit }: Delay): number {
  return (amount ?? 0) * SECONDS[unit];
}

/** In the largest unit that says it in a whole number. */
export function delayOf(seconds: number): Delay {
  if (!seconds) return { amount: null, unit: "minutes" };
  const unit = UNITS.findLast((one) => seconds % SECONDS[one] === 0) ?? "seconds";
  return { amount: seconds / SECONDS[unit], unit };
}
