import { FieldError } from "react-aria-components/FieldError";
import { Input } from "react-aria-components/Input";
import { Label } from "react-aria-components/Label";
import { Text } from "react-aria-components/Text";
import { TextArea } from "react-aria-components/TextArea";
import { TextField as AriaTextField, type TextFieldProps as AriaProps } from "react-aria-components/TextField";
import styles from "./fields.module.css";

export interface FieldProps {
  label: string;
  hint?: React.ReactNode;
  /** What is wrong; shown, read out, and marks the field. */
  error?: string | undefined;
}

export interface TextFieldProps extends Omit<AriaProps, "className" | "style" | "children">, FieldProps {
  /** As many lines to write in. */
  rows?: number;
  placeholder?: string;
  /** For code and keys. */
  mono?: boolean;
}

export function TextField({ label, hint, error, rows, placeholder, mono, ...props }: TextFieldProps) {
  const shared = {
    className: styles.input,
    ...(placeholder ? { placeholder } : {}),
    ...(mono ? { "data-mono": true } : {}),
  };
  return (
    <AriaTextField {...props} isInvalid={Boolean(error)} validationBehavior="aria" className={styles.field}>
      <Label className={styles.label}>{label}</Label>
      {rows ? <TextArea {...shared} rows={rows} data-multiline /> : <Input {...shared} />}
      <FieldNotes hint={hint} error={error} />
    </AriaTextField>
  );
}

/** Below a field of React Aria: the hint, and what is wrong. */
export function FieldNotes({ hint, error }: Pick<FieldProps, "hint" | "error">) {
  return (
    <>
      {hint && (
        <Text slot="description" className={styles.hint}>
          {hint}
        </Text>
      )}
      <FieldError className={styles.error}>{error}</FieldError>
    </>
  );
}
