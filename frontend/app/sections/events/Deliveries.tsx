import { useState } from "react";
import { useDeliveries, type Delivery, type DeliveryStatus } from "../../api/endpoints";
import { useFormat } from "../../i18n/format";
import { useStrings } from "../../integration/context";
import { useRouting } from "../../integration/routing";
import { Badge } from "../../ui/Badge";
import { EmptyState } from "../../ui/EmptyState";
import { Endless } from "../../ui/Endless";
import { Soft } from "../../ui/layout";
import { Link } from "../../ui/Link";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { Select } from "../../ui/Select";
import { Table } from "../../ui/Table";
import { Skeleton } from "../../ui/Waiting";
import { When } from "../../ui/When";
import { deliveryTones } from "./health";
import styles from "./events.module.css";

const STATUSES = ["pending", "delivered", "failed", "cancelled"] as const;

/** What was delivered to an endpoint, and what was not. */
export function Deliveries({ endpoint }: { endpoint: string }) {
  const t = useStrings().events.deliveries;
  const [status, setStatus] = useState<DeliveryStatus | "">("");
  const log = useDeliveries(endpoint, status || undefined);
  const rows = log.data?.pages.flatMap((page) => page.deliveries) ?? [];
  return (
    <section className={styles.block}>
      <div className={styles.title}>
        <h3>{t.title}</h3>
        <Soft>{t.lead}</Soft>
      </div>
      <div className={styles.narrow}>
        <Select
          label={t.status}
          options={[{ id: "" as const, label: t.any }, ...STATUSES.map((id) => ({ id, label: t.statuses[id] }))]}
          value={status}
          onChange={setStatus}
        />
      </div>
      <ProblemNotice error={log.error} onRetry={() => void log.refetch()} />
      {log.isPending && <Skeleton lines={4} />}
      {log.data && !rows.length && (
        <EmptyState title={status ? t.noMatch : t.empty}>{status ? undefined : t.emptyNext}</EmptyState>
      )}
      {rows.length > 0 && <DeliveriesTable endpoint={endpoint} rows={rows} />}
      <Endless {...log} />
    </section>
  );
}

function DeliveriesTable({ endpoint, rows }: { endpoint: string; rows: readonly Delivery[] }) {
  const t = useStrings().events.deliveries;
  const { navigate } = useRouting();
  const path = (row: Delivery) => `/events/${endpoint}/${row.id}`;
  return (
    <Table
      label={t.table}
      rows={rows}
      rowId={(row) => row.id}
      rowText={(row) => row.type}
      onRowAction={(row) => navigate(path(row))}
      columns={[
        {
          id: "event",
          title: t.columns.event,
          isRowHeader: true,
          cell: (row) => (
            <span className={styles.word}>
              <Link to={path(row)}>{row.type}</Link>
            </span>
          ),
        },
        { id: "status", title: t.columns.status, cell: (row) => <DeliveryState delivery={row} /> },
        { id: "answer", title: t.columns.answer, cell: (row) => lastAnswer(row, t.noAnswer) },
        { id: "attempts", title: t.columns.attempts, cell: (row) => row.attempts.length },
        { id: "time", title: t.columns.time, cell: (row) => <When at={row.created_at} /> },
      ]}
    />
  );
}

export function DeliveryState({ delivery: { status, next_attempt_at: next } }: { delivery: Delivery }) {
  const t = useStrings().events.deliveries;
  const { brief } = useFormat();
  return (
    <div>
      <Badge tone={deliveryTones[status]}>{t.statuses[status]}</Badge>
      {status === "pending" && next && <Soft>{t.next(brief(next))}</Soft>}
    </div>
  );
}

function lastAnswer({ attempts }: Delivery, noAnswer: string): string | number | null {
  const last = attempts.at(-1);
  return last ? (last.status_code ?? last.detail ?? noAnswer) : null;
}
