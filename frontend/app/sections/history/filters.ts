import type { SendFilters, SendStatus } from "../../api/history";

export const STATUSES = ["scheduled", "queued", "sending", "sent", "failed", "cancelled", "unknown"] as const;
/** Of the last so many days, today included. */
export const PERIODS = ["1", "7", "30", "90"] as const;
export type Period = (typeof PERIODS)[number];

const TEXTS = ["account", "to", "template", "trigger", "tag", "batch", "q"] as const;
export type TextFilter = (typeof TEXTS)[number];

/** What the address asks for. A period stays relative there, so that a link to "the last 7 days" means that tomorrow, too. */
export interface Chosen extends Partial<Record<TextFilter, string>> {
  status?: SendStatus;
  period?: Period;
  /** RFC 3339; only without a period. */
  since?: string;
  until?: string;
}

/** What a query of the address says; whatever the API would refuse is left out. `usual`: the period where it says none. */
export function readFilters(query: URLSearchParams, usual?: Period): Chosen {
  const chosen: Chosen = {};
  for (const name of TEXTS) {
    const value = query.get(name)?.trim();
    if (value) chosen[name] = value;
  }
  const status = STATUSES.find((one) => one === query.get("status"));
  if (status) chosen.status = status;
  const period = PERIODS.find((one) => one === query.get("period"));
  if (period) chosen.period = period;
  else {
    for (const name of ["since", "until"] as const) {
      const value = query.get(name);
      if (value && !Number.isNaN(Date.parse(value))) chosen[name] = value;
    }
  }
  if (usual && !chosen.period && !chosen.since && !chosen.until) chosen.period = usual;
  return chosen;
}

/** The place that `readFilters` understands; empty ones are left out. */
export function filterPath(place: string, chosen: Chosen): string {
  const given = Object.entries(chosen).filter((entry): entry is [string, string] => Boolean(entry[1]));
  const query = new URLSearchParams(given).toString();
  return query ? `${place}?${query}` : place;
}

/** As the API takes them. A period begins with a day of the reader's time zone. */
export function toQuery({ period, ...rest }: Chosen, now: Date): SendFilters {
  if (!period) return rest;
  const start = new Date(now.getFullYear(), now.getMonth(), now.getDate() - Number(period) + 1);
  return { ...rest, since: start.toISOString() };
}

export function isFiltered(chosen: Chosen): boolean {
  return Object.keys(chosen).length > 0;
}
