import { useState } from "react";
import { isFaithful } from "../../editor/html";
import RichText from "../../editor/RichText";
import { useStrings } from "../../integration/context";
import { Button } from "../../ui/Button";
import { Line } from "../../ui/layout";
import type { Draft } from "./draft";
import styles from "./templates.module.css";

export interface VisualProps {
  draft: Draft;
  onChange: (html: string) => void;
  onSource: () => void;
  error: string | undefined;
}

/** The rich-text editor, where it shows all that the HTML says; else a notice, and the source stays as it is. */
export default function Visual({ draft, onChange, onSource, error }: VisualProps) {
  const t = useStrings().templates;
  const [faithful, setFaithful] = useState(() => isFaithful(draft.html, { liquid: true }));
  if (!faithful) {
    return (
      <div className={styles["notes"]} data-tone="warn" role="note">
        <h3>{t.unfaithful}</h3>
        <p>{t.unfaithfulNext}</p>
        <Line>
          <Button kind="primary" onPress={onSource}>
            {t.toSource}
          </Button>
          <Button onPress={() => setFaithful(true)}>{t.convert}</Button>
        </Line>
      </div>
    );
  }
  const names = draft.variables.map(({ key }) => key).filter(Boolean);
  return (
    <RichText
      label={t.body}
      value={draft.html}
      onChange={onChange}
      variables={[...names, ...(draft.kind === "layout" ? ["content"] : []), "unsubscribe_url"]}
      error={error}
    />
  );
}
