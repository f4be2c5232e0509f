import { Button } from "react-aria-components/Button";
import { Label } from "react-aria-components/Label";
import { ListBox, ListBoxItem } from "react-aria-components/ListBox";
import { Popover } from "react-aria-components/Popover";
import { Select as AriaSelect, SelectValue } from "react-aria-components/Select";
import { FieldNotes, type FieldProps } from "./TextField";
import styles from "./fields.module.css";
import overlays from "./overlays.module.css";

export interface Option<Id extends string = string> {
  id: Id;
  label: string;
}

export interface SelectProps<Id extends string> extends FieldProps {
  options: readonly Option<Id>[];
  value: Id | null;
  onChange: (id: Id) => void;
  placeholder?: string;
  isDisabled?: boolean;
  isRequired?: boolean;
  /** Without a visible label, where what stands around says it. */
  hideLabel?: boolean;
}

export function Select<Id extends string>(props: SelectProps<Id>) {
  const { label, hint, error, options, value, onChange, placeholder, hideLabel, ...rest } = props;
  return (
    <AriaSelect
      {...rest}
      {...(hideLabel ? { "aria-label": label } : {})}
      placeholder={placeholder}
      value={value}
      onChange={(chosen) => onChange(chosen as Id)}
      isInvalid={Boolean(error)}
      validationBehavior="aria"
      className={styles.field}
    >
      {!hideLabel && <Label className={styles.label}>{label}</Label>}
      <Button className={`${styles.input} ${styles.trigger}`}>
        <SelectValue />
        <span aria-hidden>▾</span>
      </Button>
      <FieldNotes hint={hint} error={error} />
      <Popover className={overlays.popover}>
        <ListBox className={overlays.list} items={options}>
          {(option) => (
            <ListBoxItem id={option.id} textValue={option.label} className={overlays.item}>
              {option.label}
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </AriaSelect>
  );
}
