import { useHookDeliveries, type HookDelivery } from "../../api/triggers";
import { useStrings } from "../../integration/context";
import { useRouting } from "../../integration/routing";
import { Badge } from "../../ui/Badge";
import { Button } from "../../ui/Button";
import { EmptyState } from "../../ui/EmptyState";
import { Endless } from "../../ui/Endless";
import { Line, Soft } from "../../ui/layout";
import { Link } from "../../ui/Link";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { Select } from "../../ui/Select";
import { Table } from "../../ui/Table";
import { Skeleton } from "../../ui/Waiting";
import { When } from "../../ui/When";
import { VERDICTS, verdictTones } from "./health";
import styles from "./webhooks.module.css";

/** What came to a trigger. The verdict that is looked for stands in the address. */
export function Deliveries({ trigger }: { trigger: string }) {
  const { common, webhooks } = useStrings();
  const t = webhooks.deliveries;
  const { route, navigate } = useRouting();
  const verdict = VERDICTS.find((one) => one === route.query.get("verdict"));
  const log = useHookDeliveries(trigger, verdict);
  const rows = log.data?.pages.flatMap((page) => page.deliveries) ?? [];
  return (
    <section className={styles.block}>
      <div className={styles.title}>
        <h3>{t.title}</h3>
        <Soft>{t.lead}</Soft>
      </div>
      <div className={styles.filter}>
        <Select
          label={t.verdict}
          options={[{ id: "", label: t.any }, ...VERDICTS.map((id) => ({ id, label: t.verdicts[id] }))]}
          value={verdict ?? ""}
          onChange={(chosen) =>
            navigate(`/webhooks/${trigger}${chosen ? `?verdict=${chosen}` : ""}`, { replace: true })
          }
        />
        <Line>
          <Button isPending={log.isRefetching} onPress={() => void log.refetch()}>
            {common.refresh}
          </Button>
        </Line>
      </div>
      <ProblemNotice error={log.error} onRetry={() => void log.refetch()} />
      {log.isPending && <Skeleton lines={4} />}
      {log.data && !rows.length && (
        <EmptyState title={verdict ? t.noMatch : t.empty}>{verdict ? undefined : t.emptyNext}</EmptyState>
      )}
      {rows.length > 0 && <DeliveriesTable trigger={trigger} rows={rows} />}
      <Endless {...log} />
    </section>
  );
}

function DeliveriesTable({ trigger, rows }: { trigger: string; rows: readonly HookDelivery[] }) {
  const t = useStrings().webhooks.deliveries;
  const { navigate } = useRouting();
  const path = (row: HookDelivery) => `/webhooks/${trigger}/${row.id}`;
  return (
    <Table
      label={t.title}
      rows={rows}
      rowId={(row) => row.id}
      rowText={(row) => row.name ?? row.id}
      onRowAction={(row) => navigate(path(row))}
      columns={[
        {
          id: "name",
          title: t.columns.name,
          isRowHeader: true,
          cell: (row) => <Link to={path(row)}>{shortName(row)}</Link>,
        },
        { id: "verdict", title: t.columns.verdict, cell: (row) => <VerdictBadge delivery={row} /> },
        { id: "event", title: t.columns.event, cell: (row) => row.event },
        {
          id: "send",
          title: t.columns.send,
          cell: (row) => (row.send ? <Link to={`/history/${row.send}`}>{t.message}</Link> : null),
        },
        { id: "time", title: t.columns.time, cell: (row) => <When at={row.at} /> },
      ]}
    />
  );
}

export function VerdictBadge({ delivery }: { delivery: Pick<HookDelivery, "verdict" | "replay_of"> }) {
  const t = useStrings().webhooks.deliveries;
  return (
    <Line>
      <Badge tone={verdictTones[delivery.verdict]}>{t.verdicts[delivery.verdict]}</Badge>
      {delivery.replay_of && <Badge>{t.replayed}</Badge>}
    </Line>
  );
}

const LONG = 32; // characters of a name in a table; a digest has seventy

export function shortName({ name, id }: Pick<HookDelivery, "name" | "id">): string {
  const shown = name ?? id;
  return shown.length > LONG ? `${shown.slice(0, LONG - 1)}…` : shown;
}
