import { useState } from "react";
import { Button } from "react-aria-components/Button";
import { Group } from "react-aria-components/Group";
import { Input } from "react-aria-components/Input";
import { Label } from "react-aria-components/Label";
import { Tag, TagGroup, TagList } from "react-aria-components/TagGroup";
import { TextField } from "react-aria-components/TextField";
import { FieldNotes, type FieldProps } from "./TextField";
import styles from "./fields.module.css";

export interface ChipsFieldProps extends FieldProps {
  value: readonly string[];
  onChange: (value: string[]) => void;
  /** Parts of what is typed or pasted become chips: at commas, semicolons and line ends if absent. */
  split?: (text: string) => string[];
  /** What is wrong with a chip; null where nothing is. Bad chips stay, marked, so that nothing typed is lost. */
  validate?: (chip: string) => string | null;
  placeholder?: string;
  isDisabled?: boolean;
}

const parts = (text: string) => text.split(/[,;\n]/);

/** Several short texts in one field. Enter, a separator or leaving the field makes a chip; Backspace takes the last. */
export function ChipsField(props: ChipsFieldProps) {
  const { label, hint, error, value, onChange, split = parts, validate, placeholder, isDisabled = false } = props;
  const [draft, setDraft] = useState("");
  const wrong = value.map((chip) => validate?.(chip) ?? null).find((text) => text !== null) ?? undefined;
  const add = (text: string) => {
    const fresh = split(text)
      .map((chip) => chip.trim())
      .filter(Boolean);
    setDraft("");
    if (fresh.length) onChange([...new Set([...value, ...fresh])]);
  };
  return (
    <TextField
      className={styles.field}
      value={draft}
      onChange={(text) => (split(text).length > 1 ? add(text) : setDraft(text))}
      onBlur={() => add(draft)}
      onKeyDown={(event) => {
        if (event.key === "Enter" && draft.trim()) {
          event.preventDefault();
          add(draft);
        } else if (event.key === "Backspace" && !draft && value.length) onChange(value.slice(0, -1));
        else event.continuePropagation();
      }}
      isInvalid={Boolean(error ?? wrong)}
      validationBehavior="aria"
      isDisabled={isDisabled}
    >
      <Label className={styles.label}>{label}</Label>
      <Group className={styles.group} isInvalid={Boolean(error ?? wrong)} isDisabled={isDisabled}>
        <Chips label={label} value={value} onChange={onChange} validate={validate} />
        <Input
          className={styles.bare}
          {...(placeholder && !value.length ? { placeholder } : {})}
          onPaste={(event) => {
            const text = event.clipboardData.getData("text");
            if (split(text).length < 2) return;
            event.preventDefault();
            add(draft + text);
          }}
        />
      </Group>
      <FieldNotes hint={hint} error={error ?? wrong} />
    </TextField>
  );
}

function Chips({
  label,
  value,
  onChange,
  validate,
}: Pick<ChipsFieldProps, "label" | "value" | "onChange" | "validate">) {
  if (!value.length) return null;
  return (
    <TagGroup
      aria-label={label}
      className={styles.chips}
      onRemove={(keys) => onChange(value.filter((chip) => !keys.has(chip)))}
    >
      <TagList className={styles.chips}>
        {value.map((chip) => (
          <Tag
            key={chip}
            id={chip}
            textValue={chip}
            className={styles.chip}
            {...(validate?.(chip) ? { "data-bad": true } : {})}
          >
            {chip}
            <Button slot="remove" className={styles.remove}>
              ✕
            </Button>
          </Tag>
        ))}
      </TagList>
    </TagGroup>
  );
}
