import { useAccounts } from "../../api/accounts";
import { useStats, type StatsQuery, type StatsRow } from "../../api/history";
import { useFormat } from "../../i18n/format";
import { useIntegration, useStrings } from "../../integration/context";
import { Disclosure } from "../../ui/Disclosure";
import { Table, type TableColumn } from "../../ui/Table";
import { counts, SERIES, type Counts, type DayCounts, type SeriesName } from "./series";
import { useTemplateNames } from "./names";
import styles from "./history.module.css";

/** What the chart shows, to be read. */
export function DaysTable({ rows, series }: { rows: readonly DayCounts[]; series: readonly SeriesName[] }) {
  const { strings, locale } = useIntegration();
  const t = strings.history.stats;
  const format = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone: "UTC" });
  return (
    <Disclosure title={t.asTable}>
      <CountsTable
        label={t.chart}
        first={t.day}
        rows={rows.toReversed().map((row) => ({ ...row, id: row.day, name: format.format(new Date(row.day)) }))}
        series={series}
      />
    </Disclosure>
  );
}

export function ByAccount({ query }: { query: StatsQuery }) {
  const { stats, filters } = useStrings().history;
  const { data: accounts } = useAccounts();
  const name = (id: string) => accounts?.find((one) => one.id === id)?.email ?? id;
  return (
    <By
      by="account"
      title={stats.byAccount}
      first={filters.account}
      name={name}
      others={stats.noAccount}
      query={query}
    />
  );
}

export function ByTemplate({ query }: { query: StatsQuery }) {
  const { stats, filters } = useStrings().history;
  const names = useTemplateNames();
  const name = (id: string) => names[id] ?? id;
  return (
    <By
      by="template"
      title={stats.byTemplate}
      first={filters.template}
      name={name}
      others={stats.noTemplate}
      query={query}
    />
  );
}

export function ByStatus({ query }: { query: StatsQuery }) {
  const { stats, filters, statuses } = useStrings().history;
  const name = (id: string) => (Object.hasOwn(statuses, id) ? statuses[id as keyof typeof statuses] : id);
  return <By by="status" title={stats.byStatus} first={filters.status} name={name} query={query} />;
}

interface ByProps {
  by: "account" | "template" | "status";
  title: string;
  first: string;
  name: (key: string) => string;
  /** Of the row for what belongs to none of the others. */
  others?: string;
  query: StatsQuery;
}

/** Nothing is shown where there is nothing to compare. */
function By({ by, title, first, name, others = "", query }: ByProps) {
  const { data } = useStats({ ...query, by });
  const rows = (data?.stats ?? []).filter((row) => row.sends > 0 || Object.values(row.events).some(Boolean));
  if (rows.every((row) => row.key === null)) return null;
  const toRow = (row: StatsRow) => ({
    ...counts(row),
    id: row.key ?? "",
    name: row.key === null ? others : name(row.key),
  });
  return (
    <section className={styles.block}>
      <h3>{title}</h3>
      <CountsTable
        label={title}
        first={first}
        rows={rows.map(toRow)}
        series={by === "account" && rows.some((row) => Object.keys(row.events).length > 0) ? SERIES : ["sends"]}
      />
    </section>
  );
}

interface CountsRow extends Counts {
  id: string;
  name: string;
}

function CountsTable(props: {
  label: string;
  first: string;
  rows: readonly CountsRow[];
  series: readonly SeriesName[];
}) {
  const t = useStrings().history.stats;
  const { number } = useFormat();
  const columns: TableColumn<CountsRow>[] = [
    { id: "name", title: props.first, cell: (row) => row.name, isRowHeader: true },
    ...props.series.map((name) => ({
      id: name,
      title: t.series[name],
      cell: (row: CountsRow) => number(row[name]),
      align: "end" as const,
    })),
  ];
  return (
    <Table
      label={props.label}
      columns={columns}
      rows={props.rows}
      rowId={(row) => row.id || "others"}
      rowText={(row) => row.name}
    />
  );
}
