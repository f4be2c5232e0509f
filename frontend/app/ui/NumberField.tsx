import { Input } from "react-aria-components/Input";
import { Label } from "react-aria-components/Label";
import { NumberField as AriaNumberField, type NumberFieldProps as AriaProps } from "react-aria-components/NumberField";
import { FieldNotes, type FieldProps } from "./TextField";
import styles from "./fields.module.css";

export interface NumberFieldProps
  extends Omit<AriaProps, "className" | "style" | "children" | "value" | "onChange">, FieldProps {
  /** Null while empty. */
  value: number | null;
  onChange: (value: number | null) => void;
}

export function NumberField({ label, hint, error, value, onChange, ...props }: NumberFieldProps) {
  return (
    <AriaNumberField
      {...props}
      value={value ?? NaN}
      onChange={(given) => onChange(Number.isNaN(given) ? null : given)}
      isInvalid={Boolean(error)}
      validationBehavior="aria"
      className={styles.field}
    >
      <Label className={styles.label}>{label}</Label>
      <Input className={styles.input} />
      <FieldNotes hint={hint} error={error} />
    </AriaNumberField>
  );
}
