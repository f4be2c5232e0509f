import type { Stats, StatsRow } from "../../api/history";

export const SERIES = ["sends", "opens", "clicks", "replies", "bounces"] as const;
export type SeriesName = (typeof SERIES)[number];
export type Counts = Record<SeriesName, number>;
export interface DayCounts extends Counts {
  /** Such as 2027-03-01, in UTC. */
  day: string;
}

/** One row of the chart for each day, oldest first. */
export function days({ stats }: Pick<Stats, "stats">): DayCounts[] {
  return stats
    .flatMap((row) => (row.key === null ? [] : [{ day: row.key, ...counts(row) }]))
    .sort((a, b) => a.day.localeCompare(b.day));
}

export function counts(row: Pick<StatsRow, "sends" | "events">): Counts {
  const of = (name: string) => row.events[name] ?? 0;
  return {
    sends: row.sends,
    opens: of("opens"),
    clicks: of("clicks"),
    replies: of("replies"),
    bounces: of("bounces"),
  };
}

export function total(rows: readonly Counts[]): Counts {
  const sum = (name: SeriesName) => rows.reduce((all, row) => all + row[name], 0);
  return {
    sends: sum("sends"),
    opens: sum("opens"),
    clicks: sum("clicks"),
    replies: sum("replies"),
    bounces: sum("bounces"),
  };
}

/** What happened to messages can't be told apart by template, trigger or status: the API gives no events then. */
export function hasEvents({ stats }: Pick<Stats, "stats">): boolean {
  return stats.some((row) => Object.keys(row.events).length > 0);
}
