export const EXPIRIES = ["never", "30", "90", "365", "at"] as const;
export type Expiry = (typeof EXPIRIES)[number];

const DAY = 86_400_000; // milliseconds

/** When a key that is made now stops working: RFC 3339, or null for never. `at` is the time of choice. */
export function expiresAt(expiry: Expiry, at: string | null, now: Date): string | null {
  if (expiry === "never") return null;
  return expiry === "at" ? at : new Date(now.getTime() + Number(expiry) * DAY).toISOString();
}

export function isExpired(at: string, now: Date): boolean {
  return Date.parse(at) <= now.getTime();
}
