import { useStrings } from "../../integration/context";
import { Switch } from "../../ui/Checkbox";
import { Soft } from "../../ui/layout";
import type { Draft } from "./draft";
import fields from "../../ui/fields.module.css";
import styles from "./compose.module.css";

interface Props {
  draft: Draft;
  onChange: (part: Partial<Draft>) => void;
  /** What the account's settings say; null while they load. */
  tracking: { opens: boolean; clicks: boolean } | null;
  /** The signature is Gmail's, and has to be read there. */
  canRead: boolean;
  error: (pointer: string) => string | undefined;
}

export function Options({ draft, onChange, tracking, canRead, error }: Props) {
  const t = useStrings().compose;
  const plain = draft.kind === "text";
  const wrong = error("/unsubscribe") ?? error("/signature");
  return (
    <fieldset className={styles["options"]}>
      <legend>{t.options}</legend>
      <Switch
        isSelected={!plain && (draft.opens ?? tracking?.opens ?? false)}
        onChange={(opens) => onChange({ opens })}
        isDisabled={plain}
      >
        {t.trackOpens}
      </Switch>
      <Switch
        isSelected={!plain && (draft.clicks ?? tracking?.clicks ?? false)}
        onChange={(clicks) => onChange({ clicks })}
        isDisabled={plain}
      >
        {t.trackClicks}
      </Switch>
      <Switch isSelected={draft.unsubscribe} onChange={(unsubscribe) => onChange({ unsubscribe })}>
        {t.unsubscribe}
      </Switch>
      {canRead && (
        <Switch isSelected={draft.signature} onChange={(signature) => onChange({ signature })}>
          {t.signature}
        </Switch>
      )}
      {plain && <Soft>{t.trackingText}</Soft>}
      {draft.unsubscribe && <Soft>{t.unsubscribeHint}</Soft>}
      {wrong && (
        <p className={fields["error"]} role="alert">
          {wrong}
        </p>
      )}
    </fieldset>
  );
}
