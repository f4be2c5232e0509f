import { Bar, CartesianGrid, ComposedChart, Legend, Line, ResponsiveContainer, Tooltip, XAxis, YAxis } from "recharts";
import { useIntegration } from "../../integration/context";
import type { DayCounts, SeriesName } from "./series";
import styles from "./history.module.css";

// Told apart without colour, too: by their strokes.
const DASHES: Record<Exclude<SeriesName, "sends">, string> = {
  opens: "0",
  clicks: "6 3",
  replies: "2 2",
  bounces: "8 3 2 3",
};

/** Messages as bars, what came of them as lines. The same stands in a table below. */
export default function DaysChart({ rows, series }: { rows: readonly DayCounts[]; series: readonly SeriesName[] }) {
  const { strings, locale } = useIntegration();
  const t = strings.history.stats;
  const format = new Intl.DateTimeFormat(locale, { month: "short", day: "numeric", timeZone: "UTC" });
  const day = (key: unknown) => format.format(new Date(String(key)));
  return (
    <figure className={styles.chart} aria-label={t.chart}>
      <ResponsiveContainer width="100%" height={280}>
        <ComposedChart data={[...rows]} margin={{ top: 8, right: 8, bottom: 0, left: 0 }} accessibilityLayer>
          <CartesianGrid vertical={false} stroke="var(--gi-line)" />
          <XAxis dataKey="day" tickFormatter={day} stroke="var(--gi-soft)" tickLine={false} minTickGap={28} />
          <YAxis allowDecimals={false} stroke="var(--gi-soft)" tickLine={false} axisLine={false} width={36} />
          <Tooltip
            labelFormatter={day}
            contentStyle={{ background: "var(--gi-paper)", borderColor: "var(--gi-line)", borderRadius: "0.5rem" }}
            labelStyle={{ color: "var(--gi-ink)", fontWeight: 600 }}
            cursor={{ fill: "var(--gi-hover)" }}
          />
          <Legend itemSorter={null} />
          <Bar
            dataKey="sends"
            name={t.series.sends}
            fill="var(--series-sends)"
            radius={[3, 3, 0, 0]}
            maxBarSize={28}
            isAnimationActive={false}
          />
          {series
            .filter((name) => name !== "sends")
            .map((name) => (
              <Line
                key={name}
                dataKey={name}
                name={t.series[name]}
                stroke={`var(--series-${name})`}
                strokeDasharray={DASHES[name]}
                strokeWidth={2}
                dot={rows.length < 2}
                isAnimationActive={false}
              />
            ))}
        </ComposedChart>
      </ResponsiveContainer>
    </figure>
  );
}
