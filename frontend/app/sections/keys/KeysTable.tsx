import { useAccounts } from "../../api/accounts";
import type { Key } from "../../api/keys";
import { useFormat } from "../../i18n/format";
import { useStrings } from "../../integration/context";
import { Badge } from "../../ui/Badge";
import { Button } from "../../ui/Button";
import { Line, Soft } from "../../ui/layout";
import { Table } from "../../ui/Table";
import { isExpired } from "./expiry";

export function KeysTable({ rows, onRevoke }: { rows: readonly Key[]; onRevoke: (key: Key) => void }) {
  const t = useStrings().keys;
  const { date, time } = useFormat();
  return (
    <Table
      label={t.table}
      rows={rows}
      rowId={(row) => row.id}
      rowText={(row) => row.name}
      columns={[
        {
          id: "name",
          title: t.columns.name,
          isRowHeader: true,
          cell: (row) => (
            <div>
              {row.name}
              <Soft>{t.made(date(row.created_at))}</Soft>
            </div>
          ),
        },
        {
          id: "scopes",
          title: t.columns.scopes,
          cell: (row) => (
            <Line>
              {row.scopes.map((scope) => (
                <Badge key={scope}>{t.scopes[scope]}</Badge>
              ))}
            </Line>
          ),
        },
        { id: "accounts", title: t.columns.accounts, cell: (row) => <Accounts ids={row.accounts} /> },
        { id: "used", title: t.columns.used, cell: (row) => (row.last_used_at ? time(row.last_used_at) : t.never) },
        { id: "expires", title: t.columns.expires, cell: (row) => <Expiry at={row.expires_at} /> },
        {
          id: "actions",
          title: t.columns.actions,
          align: "end",
          cell: (row) => (
            <Button size="small" aria-label={t.revoking.label(row.name)} onPress={() => onRevoke(row)}>
              {t.revoking.button}
            </Button>
          ),
        },
      ]}
    />
  );
}

function Accounts({ ids }: { ids: Key["accounts"] }) {
  const t = useStrings().keys;
  const { data: accounts } = useAccounts();
  if (ids === null) return t.allAccounts;
  if (!ids.length) return t.noAccounts;
  return ids.map((id) => accounts?.find((one) => one.id === id)?.email ?? id).join(", ");
}

function Expiry({ at }: { at: string | null }) {
  const t = useStrings().keys;
  const { time } = useFormat();
  if (!at) return t.never;
  return isExpired(at, new Date()) ? <Badge tone="bad">{t.expired}</Badge> : time(at);
}
