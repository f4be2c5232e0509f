import { useStrings } from "../../integration/context";
import { Select } from "../../ui/Select";
import { TextField } from "../../ui/TextField";
import { valueOfText, type VariableType } from "./values";

interface Props {
  type: VariableType;
  label: string;
  /** As text; "" for none. */
  value: string;
  onChange: (text: string) => void;
  hint?: string | undefined;
  error?: string | undefined;
}

/** A field for a value of a variable, by its type. What can't be meant is said at once. */
export function ValueField({ type, label, value, onChange, hint, error }: Props) {
  const t = useStrings().compose.variable;
  if (type === "boolean") {
    return (
      <Select
        label={label}
        hint={hint}
        error={error}
        options={[
          { id: "", label: t.unset },
          { id: "true", label: t.isTrue },
          { id: "false", label: t.isFalse },
        ]}
        value={value}
        onChange={onChange}
      />
    );
  }
  const list = type === "list";
  const bad = list && value !== "" && valueOfText(type, value) === undefined ? t.badList : undefined;
  const about = list ? t.list : type === "date" ? t.date : undefined;
  return (
    <TextField
      label={label}
      hint={[about, hint].filter(Boolean).join(" ") || undefined}
      error={error ?? bad}
      value={value}
      onChange={onChange}
      {...(list ? { rows: 2, mono: true } : {})}
      {...(type === "number" ? { inputMode: "decimal" as const } : {})}
    />
  );
}
