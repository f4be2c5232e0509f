import type { SuppressionFilters } from "../../api/suppressions";

export const REASONS = ["unsubscribed", "hard_bounce", "manual"] as const;

/** What the address of the page asks for. */
export function filtersOf(query: URLSearchParams): SuppressionFilters {
  const reason = REASONS.find((one) => one === query.get("reason"));
  const address = query.get("address")?.trim();
  return { ...(reason ? { reason } : {}), ...(address ? { address } : {}) };
}

export function pathOf(filters: { [Name in keyof SuppressionFilters]: SuppressionFilters[Name] | undefined }): string {
  const given = Object.entries(filters).filter((entry): entry is [string, string] => Boolean(entry[1]));
  const query = new URLSearchParams(given).toString();
  return query ? `/suppressions?${query}` : "/suppressions";
}
