import { useStrings } from "../../integration/context";
import { Button } from "../../ui/Button";
import { Checkbox } from "../../ui/Checkbox";
import { EmptyState } from "../../ui/EmptyState";
import { Soft, Stack } from "../../ui/layout";
import { Select } from "../../ui/Select";
import { TextField } from "../../ui/TextField";
import { emptyVariable, type VariableDraft } from "./draft";
import { TYPES } from "./values";
import { ValueField } from "./ValueField";
import styles from "./templates.module.css";

interface Props {
  variables: readonly VariableDraft[];
  onChange: (variables: VariableDraft[]) => void;
  error: (pointer: string) => string | undefined;
}

export function VariablesEditor({ variables, onChange, error }: Props) {
  const t = useStrings().templates;
  return (
    <Stack>
      <Soft>{t.variablesLead}</Soft>
      {!variables.length && <EmptyState title={t.noVariables} />}
      {variables.map((variable, index) => (
        <Variable
          key={index}
          variable={variable}
          onChange={(changed) => onChange(variables.with(index, changed))}
          onRemove={() => onChange(variables.toSpliced(index, 1))}
          error={(field) => error(`/variables/${index}/${field}`)}
        />
      ))}
      <div>
        <Button onPress={() => onChange([...variables, emptyVariable(variables)])}>{t.addVariable}</Button>
      </div>
    </Stack>
  );
}

interface VariableProps {
  variable: VariableDraft;
  onChange: (variable: VariableDraft) => void;
  onRemove: () => void;
  error: (field: string) => string | undefined;
}

function Variable({ variable, onChange, onRemove, error }: VariableProps) {
  const { common, templates: t } = useStrings();
  const set = (part: Partial<VariableDraft>) => onChange({ ...variable, ...part });
  return (
    <div className={styles["variable"]} role="group" aria-label={variable.key}>
      <TextField
        label={t.key}
        value={variable.key}
        onChange={(key) => set({ key })}
        error={error("key")}
        maxLength={64}
      />
      <Select
        label={t.type}
        options={TYPES.map((id) => ({ id, label: t.types[id] }))}
        value={variable.type}
        onChange={(type) => set({ type, fallback: "", sample: "" })}
        error={error("type")}
      />
      <ValueField
        type={variable.type}
        label={t.fallback}
        value={variable.fallback}
        onChange={(fallback) => set({ fallback })}
        error={error("fallback")}
      />
      <ValueField
        type={variable.type}
        label={t.sample}
        value={variable.sample}
        onChange={(sample) => set({ sample })}
        error={error("sample")}
      />
      <div className={styles["switches"]}>
        <Checkbox isSelected={variable.required} onChange={(required) => set({ required })}>
          {t.required}
        </Checkbox>
        <Button kind="plain" size="small" onPress={onRemove} aria-label={common.remove(variable.key)}>
          ✕
        </Button>
      </div>
    </div>
  );
}
