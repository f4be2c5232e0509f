import { Suspense } from "react";
import { useStats } from "../../api/history";
import { useStrings } from "../../integration/context";
import { Link } from "../../ui/Link";
import { SectionHeader, Soft, Stack } from "../../ui/layout";
import { onDemand } from "../../ui/onDemand";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { Skeleton, Spinner } from "../../ui/Waiting";
import { AccountFilter, PeriodFilter } from "./FilterBar";
import { days, hasEvents, SERIES, total } from "./series";
import { ByAccount, ByStatus, ByTemplate, DaysTable } from "./StatsTables";
import { Tiles } from "./Tiles";
import { TemplateFilter } from "./NamedFilters";
import { useFilters } from "./useFilters";
import styles from "./history.module.css";

const { Component: DaysChart } = onDemand(() => import("./DaysChart")); // with the chart library

/** Messages and what came of them: per day, by account, by template, by status. */
export default function StatsPage() {
  const { history } = useStrings();
  const t = history.stats;
  const { chosen, query, change } = useFilters("/history/stats", "30");
  const { account, template, trigger, status, since, until } = query;
  const asked = Object.fromEntries(
    Object.entries({ account, template, trigger, status, since, until }).filter((entry) => entry[1]),
  );
  const stats = useStats(asked);
  const rows = stats.data ? days(stats.data) : [];
  const sums = total(rows);
  const known = stats.data && hasEvents(stats.data) ? SERIES : (["sends"] as const);
  return (
    <div aria-busy={stats.isPending}>
      <div className={styles.back}>
        <Link to="/history">‹ {history.back}</Link>
      </div>
      <SectionHeader title={t.title} lead={t.days} />
      <Stack>
        <div role="search" aria-label={history.filters.label} className={styles.fields}>
          <AccountFilter chosen={chosen} change={change} />
          <TemplateFilter chosen={chosen} change={change} />
          <PeriodFilter chosen={chosen} change={change} isBounded />
        </div>
        <ProblemNotice error={stats.error} onRetry={() => void stats.refetch()} />
        {stats.isPending && <Skeleton lines={8} />}
        {stats.data && (
          <>
            <Tiles label={t.title} items={known.map((name) => ({ name: t.series[name], value: sums[name] }))} />
            {known.length === 1 && <Soft>{t.noEvents}</Soft>}
            <Suspense fallback={<Spinner>{t.loading}</Spinner>}>
              <DaysChart rows={rows} series={known} />
            </Suspense>
            <DaysTable rows={rows} series={known} />
            <ByAccount query={asked} />
            <ByTemplate query={asked} />
            <ByStatus query={asked} />
          </>
        )}
      </Stack>
    </div>
  );
}
