import { useState } from "react";
import { useStrings } from "../integration/context";
import { Button } from "../ui/Button";
import feedback from "../ui/feedback.module.css";
import { Line } from "../ui/layout";
import { isFaithful } from "./html";
import RichText from "./RichText";

export interface VisualProps {
  label: string;
  /** A template's source: Liquid in HTML. */
  html: string;
  /** Names that can be put in, as chips. */
  variables: readonly string[];
  onChange: (html: string) => void;
  /** Shows the source instead. */
  onSource: () => void;
  error: string | undefined;
}

/** The rich-text editor, where it shows all that the HTML says; else a notice, and the source stays as it is. */
export default function Visual({ label, html, variables, onChange, onSource, error }: VisualProps) {
  const t = useStrings().editor.source;
  const [faithful, setFaithful] = useState(() => isFaithful(html, { liquid: true }));
  if (!faithful) {
    return (
      <div className={feedback["notice"]} data-tone="warn" role="note">
        <div>
          <h3>{t.unfaithful}</h3>
          <p className={feedback["remedy"]}>{t.unfaithfulNext}</p>
          {error && <p>{error}</p>}
          <Line>
            <Button kind="primary" onPress={onSource}>
              {t.toSource}
            </Button>
            <Button onPress={() => setFaithful(true)}>{t.convert}</Button>
          </Line>
        </div>
      </div>
    );
  }
  return <RichText label={label} value={html} onChange={onChange} variables={variables} error={error} />;
}
