import type { TemplateVariable } from "../../api/templates";
import { useStrings } from "../../integration/context";
import { Button } from "../../ui/Button";
import { TextField } from "../../ui/TextField";
import { Skeleton } from "../../ui/Waiting";
import { pointerPart, repeated, rowsFor, type Row } from "./draft";
import { Group } from "./Group";
import type { FieldsProps } from "./TriggerForm";
import styles from "./webhooks.module.css";

interface Props extends FieldsProps {
  /** Of the template; undefined while they are on their way, empty where the message stands in the trigger. */
  declared: readonly TemplateVariable[] | undefined;
}

/** Which part of the payload each variable is: a field for every one that the template declares, or rows to add. */
export function MappingFields({ draft, set, problem, declared }: Props) {
  const strings = useStrings();
  const t = strings.webhooks.editor;
  const { types } = strings.templates;
  const free = draft.message === "written";
  const rows = free ? draft.variables : rowsFor(draft.variables, declared ?? []);
  const change = (index: number, row: Row) => set({ variables: [...rows].with(index, row) });
  const twice = repeated(rows);
  const known = new Map(declared?.map((one) => [one.key, one]));
  // Not what is wrong with one of them: that stands there.
  const wrong = problem?.errors["/mapping/variables"];
  return (
    <Group title={t.values} lead={t.valuesLead}>
      {declared === undefined ? (
        <Skeleton lines={3} />
      ) : (
        rows.map((row, index) => {
          const variable = known.get(row.name);
          const error = problem?.at(`/mapping/variables/${pointerPart(row.name.trim())}`);
          const setPath = (path: string) => change(index, { ...row, path });
          return variable ? (
            <TextField
              key={row.name}
              label={row.name}
              hint={`${types[variable.type ?? "string"]}, ${isNeeded(variable) ? t.needed : t.hasFallback}`}
              placeholder={t.pathExample}
              mono
              value={row.path}
              onChange={setPath}
              error={error}
            />
          ) : (
            <div key={index} className={styles.row} role="group" aria-label={row.name || t.variable}>
              <TextField
                label={t.variable}
                mono
                value={row.name}
                onChange={(name) => change(index, { ...row, name })}
                error={twice.has(row.name.trim()) ? t.repeated : undefined}
              />
              <TextField
                label={t.path}
                placeholder={t.pathExample}
                mono
                value={row.path}
                onChange={setPath}
                error={error}
              />
              <Button
                kind="plain"
                aria-label={t.removeVariable(row.name)}
                onPress={() => set({ variables: [...rows].toSpliced(index, 1) })}
              >
                ✕
              </Button>
            </div>
          );
        })
      )}
      {wrong && (
        <p role="alert" className={styles.wrong}>
          {wrong}
        </p>
      )}
      {free && (
        <div>
          <Button onPress={() => set({ variables: [...rows, { name: "", path: "" }] })}>{t.addVariable}</Button>
        </div>
      )}
    </Group>
  );
}

function isNeeded({ required, fallback }: TemplateVariable): boolean {
  return required !== false && (fallback === undefined || fallback === null);
}
