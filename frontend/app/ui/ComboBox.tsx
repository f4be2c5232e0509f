import { Button } from "react-aria-components/Button";
import { ComboBox as AriaComboBox } from "react-aria-components/ComboBox";
import { Group } from "react-aria-components/Group";
import { Input } from "react-aria-components/Input";
import { Label } from "react-aria-components/Label";
import { ListBox, ListBoxItem } from "react-aria-components/ListBox";
import { Popover } from "react-aria-components/Popover";
import { useStrings } from "../integration/context";
import type { Option } from "./Select";
import { FieldNotes, type FieldProps } from "./TextField";
import buttons from "./Button.module.css";
import styles from "./fields.module.css";
import overlays from "./overlays.module.css";

export interface ComboBoxProps<Id extends string> extends FieldProps {
  options: readonly Option<Id>[];
  value: Id | null;
  onChange: (id: Id) => void;
}

/** One of many: typing narrows the list. */
export function ComboBox<Id extends string>({ label, hint, error, options, value, onChange }: ComboBoxProps<Id>) {
  const strings = useStrings();
  return (
    <AriaComboBox
      defaultItems={options}
      value={value}
      onChange={(chosen) => {
        if (chosen !== null) onChange(chosen as Id);
      }}
      isInvalid={Boolean(error)}
      validationBehavior="aria"
      className={styles.field}
    >
      <Label className={styles.label}>{label}</Label>
      <Group className={styles.group}>
        <Input className={styles.bare} />
        <Button className={buttons.button} data-kind="plain" data-size="small">
          ▾
        </Button>
      </Group>
      <FieldNotes hint={hint} error={error} />
      <Popover className={overlays.popover}>
        <ListBox<Option<Id>>
          className={overlays.list}
          renderEmptyState={() => <div className={overlays.none}>{strings.common.noMatches}</div>}
        >
          {(option) => (
            <ListBoxItem id={option.id} textValue={option.label} className={overlays.item}>
              {option.label}
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </AriaComboBox>
  );
}
