import { Cell, Column, Row, Table as AriaTable, TableBody, TableHeader } from "react-aria-components/Table";
import styles from "./Table.module.css";

export interface TableColumn<T> {
  id: string;
  title: string;
  /** Null or "" for nothing: a dash, and on narrow screens not even that. */
  cell: (row: T) => React.ReactNode;
  /** Names the row to who can't see it. One column at least. */
  isRowHeader?: boolean;
  align?: "start" | "end";
}

export interface TableProps<T> {
  label: string;
  columns: readonly TableColumn<T>[];
  rows: readonly T[];
  rowId: (row: T) => string;
  /** What a row says in one line, for typing ahead. */
  rowText: (row: T) => string;
  /** Pressing a row, or Enter on it. */
  onRowAction?: (row: T) => void;
  empty?: React.ReactNode;
}

/** On narrow screens each row becomes a small card, every value with its column's name. */
export function Table<T extends object>({ label, columns, rows, rowId, rowText, onRowAction, empty }: TableProps<T>) {
  const byId = new Map(rows.map((row) => [rowId(row), row]));
  return (
    <div className={styles.frame}>
      <AriaTable
        aria-label={label}
        className={styles.table}
        {...(onRowAction
          ? {
              onRowAction: (key) => {
                const row = byId.get(String(key));
                if (row) onRowAction(row);
              },
            }
          : {})}
      >
        <TableHeader>
          {columns.map((column) => (
            <Column
              key={column.id}
              id={column.id}
              isRowHeader={column.isRowHeader ?? false}
              data-align={column.align ?? "start"}
            >
              {column.title}
            </Column>
          ))}
        </TableHeader>
        <TableBody renderEmptyState={() => empty}>
          {rows.map((row) => (
            <Row key={rowId(row)} id={rowId(row)} textValue={rowText(row)}>
              {columns.map(({ id, title, align = "start", cell }) => {
                const shown = cell(row);
                const isEmpty = shown === null || shown === "";
                return (
                  <Cell key={id} data-title={title} data-align={align} data-empty={isEmpty || undefined}>
                    {isEmpty ? "–" : shown}
                  </Cell>
                );
              })}
            </Row>
          ))}
        </TableBody>
      </AriaTable>
    </div>
  );
}
