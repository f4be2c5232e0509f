import { useAccounts } from "../../api/accounts";
import type { Send } from "../../api/history";
import { useStrings } from "../../integration/context";
import { useRouting } from "../../integration/routing";
import { Link } from "../../ui/Link";
import { Table, type TableColumn } from "../../ui/Table";
import { When } from "../../ui/When";
import { activityOf, Recipients, StatusBadge, timeOf } from "./cells";

/** A row for each send; pressing it opens the message's page. */
export function SendsTable({ rows }: { rows: readonly Send[] }) {
  const t = useStrings().history;
  const { navigate } = useRouting();
  const { data: accounts } = useAccounts();
  const subject = (send: Send) => send.subject || t.noSubject;
  const account: TableColumn<Send> = {
    id: "account",
    title: t.columns.account,
    cell: (send) => accounts?.find((one) => one.id === send.account)?.email ?? send.from.email,
  };
  const columns: TableColumn<Send>[] = [
    {
      id: "message",
      title: t.columns.message,
      isRowHeader: true,
      cell: (send) => (
        <div>
          <Link to={`/history/${send.id}`}>{subject(send)}</Link>
          <Recipients send={send} />
        </div>
      ),
    },
    { id: "status", title: t.columns.status, cell: (send) => <StatusBadge status={send.status} /> },
    { id: "activity", title: t.columns.activity, cell: (send) => activityOf(send, t.activity) },
    // Which account it was says something only where there are several.
    ...((accounts?.length ?? 0) > 1 ? [account] : []),
    { id: "time", title: t.columns.time, cell: (send) => <When at={timeOf(send)} /> },
  ];
  return (
    <Table
      label={t.table}
      columns={columns}
      rows={rows}
      rowId={(send) => send.id}
      rowText={subject}
      onRowAction={(send) => navigate(`/history/${send.id}`)}
    />
  );
}
