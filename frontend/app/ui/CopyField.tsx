import { useId, useState } from "react";
import { useStrings } from "../integration/context";
import { Button } from "./Button";
import styles from "./feedback.module.css";
import fields from "./fields.module.css";

/** Something to copy: a URL, a secret, a command. `block` for several lines. */
export function CopyField({ label, value, block = false }: { label: string; value: string; block?: boolean }) {
  const strings = useStrings();
  const [copied, setCopied] = useState(false);
  const id = useId();
  const Shown = block ? "pre" : "code";
  return (
    <div className={styles.copy} role="group" aria-labelledby={id}>
      <span id={id} className={fields.label}>
        {label}
      </span>
      <div>
        <Shown>{value}</Shown>
        <Button
          onPress={async () => {
            await navigator.clipboard.writeText(value);
            setCopied(true);
          }}
        >
          <span aria-live="polite">{copied ? strings.common.copied : strings.common.copy}</span>
        </Button>
      </div>
    </div>
  );
}
