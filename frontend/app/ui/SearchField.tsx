import { Button } from "react-aria-components/Button";
import { Group } from "react-aria-components/Group";
import { Input } from "react-aria-components/Input";
import { Label } from "react-aria-components/Label";
import { SearchField as AriaSearchField } from "react-aria-components/SearchField";
import { FieldNotes, type FieldProps } from "./TextField";
import styles from "./fields.module.css";

export interface SearchFieldProps extends FieldProps {
  value: string;
  onChange: (value: string) => void;
  /** Enter; also the ✕, with an empty text. */
  onSubmit?: (value: string) => void;
  placeholder?: string;
}

/** What to look for. Escape and ✕ empty it. */
export function SearchField({ label, hint, error, onSubmit, placeholder, ...props }: SearchFieldProps) {
  return (
    <AriaSearchField
      {...props}
      {...(onSubmit ? { onSubmit, onClear: () => onSubmit("") } : {})}
      isInvalid={Boolean(error)}
      validationBehavior="aria"
      className={styles.field}
    >
      <Label className={styles.label}>{label}</Label>
      <Group className={styles.group}>
        <Input className={styles.bare} {...(placeholder ? { placeholder } : {})} />
        {props.value && <Button className={styles.remove}>✕</Button>}
      </Group>
      <FieldNotes hint={hint} error={error} />
    </AriaSearchField>
  );
}
