import type { Suppression } from "../../api/suppressions";
import { useStrings } from "../../integration/context";
import { Badge } from "../../ui/Badge";
import { Button } from "../../ui/Button";
import { Line, Soft } from "../../ui/layout";
import { Link } from "../../ui/Link";
import { Table } from "../../ui/Table";
import { When } from "../../ui/When";
import styles from "./suppressions.module.css";

export function SuppressionsTable(props: {
  rows: readonly Suppression[];
  onRemove: (suppression: Suppression) => void;
}) {
  const t = useStrings().suppressions;
  return (
    <Table
      label={t.table}
      rows={props.rows}
      rowId={(row) => row.id}
      rowText={(row) => row.address}
      columns={[
        {
          id: "address",
          title: t.columns.address,
          isRowHeader: true,
          cell: (row) => <span className={styles.address}>{row.address}</span>,
        },
        { id: "reason", title: t.columns.reason, cell: (row) => <Reasons suppression={row} /> },
        { id: "note", title: t.columns.note, cell: (row) => row.note },
        { id: "since", title: t.columns.since, cell: (row) => <When at={row.created_at} day /> },
        {
          id: "actions",
          title: t.columns.actions,
          align: "end",
          cell: (row) => (
            <Button size="small" aria-label={t.removing.label(row.address)} onPress={() => props.onRemove(row)}>
              {t.removing.button}
            </Button>
          ),
        },
      ]}
    />
  );
}

function Reasons({ suppression: { reason, reasons, send } }: { suppression: Suppression }) {
  const t = useStrings().suppressions;
  return (
    <div>
      <Line>
        {reasons.map((one) => (
          <Badge key={one} tone={one === "hard_bounce" ? "bad" : one === "unsubscribed" ? "warn" : "calm"}>
            {t.reasons[one]}
          </Badge>
        ))}
        {send && <Link to={`/history/${send}`}>{t.message}</Link>}
      </Line>
      <Soft>{t.reasonHints[reason]}</Soft>
    </div>
  );
}
