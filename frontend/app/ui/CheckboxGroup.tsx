import { CheckboxGroup as AriaCheckboxGroup } from "react-aria-components/CheckboxGroup";
import { Label } from "react-aria-components/Label";
import { Checkbox } from "./Checkbox";
import type { Option } from "./Select";
import { FieldNotes, type FieldProps } from "./TextField";
import styles from "./fields.module.css";

export interface CheckboxGroupProps<Id extends string> extends FieldProps {
  options: readonly (Option<Id> & { hint?: string })[];
  value: readonly Id[];
  onChange: (value: Id[]) => void;
  isDisabled?: boolean;
}

/** Any of a few. */
export function CheckboxGroup<Id extends string>(props: CheckboxGroupProps<Id>) {
  const { label, hint, error, options, value, onChange, isDisabled = false } = props;
  return (
    <AriaCheckboxGroup
      value={[...value]}
      onChange={(chosen) => onChange(chosen as Id[])}
      isInvalid={Boolean(error)}
      isDisabled={isDisabled}
      validationBehavior="aria"
      className={styles.field}
    >
      <Label className={styles.label}>{label}</Label>
      <div>
        {options.map((option) => (
          <Checkbox key={option.id} value={option.id}>
            {option.label}
            {option.hint && <span className={styles.hint}> – {option.hint}</span>}
          </Checkbox>
        ))}
      </div>
      <FieldNotes hint={hint} error={error} />
    </AriaCheckboxGroup>
  );
}
