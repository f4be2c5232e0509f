import { useTemplates } from "../../api/templates";
import { useStrings } from "../../integration/context";
import { Select } from "../../ui/Select";
import { TextField } from "../../ui/TextField";
import type { Draft } from "./draft";
import styles from "./templates.module.css";

const NONE = "none";

interface Props {
  draft: Draft;
  onChange: (part: Partial<Draft>) => void;
  error: (pointer: string) => string | undefined;
  /** A layout can't be around itself. */
  own: string | null;
}

export function HeadFields({ draft, onChange, error, own }: Props) {
  const t = useStrings().templates;
  const layouts = useTemplates("layout").data ?? [];
  const name = (
    <TextField
      label={t.name}
      hint={t.nameHint}
      value={draft.name}
      onChange={(value) => onChange({ name: value })}
      error={error("/name")}
      maxLength={100}
    />
  );
  if (draft.kind === "layout") return name;
  return (
    <div className={styles["head"]}>
      {name}
      <Select
        label={t.layout}
        options={[
          { id: NONE, label: t.noLayout },
          ...layouts.filter(({ id }) => id !== own).map(({ id, name: label }) => ({ id, label })),
        ]}
        value={draft.layout ?? NONE}
        onChange={(id) => onChange({ layout: id === NONE ? null : id })}
        error={error("/layout")}
      />
      <TextField
        label={t.subject}
        hint={t.subjectHint}
        value={draft.subject}
        onChange={(subject) => onChange({ subject })}
        error={error("/subject")}
      />
      <TextField
        label={t.preheader}
        hint={t.preheaderHint}
        value={draft.preheader}
        onChange={(preheader) => onChange({ preheader })}
        error={error("/preheader")}
      />
    </div>
  );
}
