import { useEffect, useRef, useState } from "react";
import { en } from "../i18n/en";
import styles from "./console.module.css";

/** Asks for a key. Plain elements: nothing of the component is loaded for it. */
export function SignIn({
  refused,
  toFinish,
  onKey,
}: {
  refused: boolean;
  toFinish: boolean;
  onKey: (key: string) => void;
}) {
  const t = en.console;
  const [key, setKey] = useState("");
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), [refused]);
  return (
    <>
      <p className={styles.lead}>{t.lead}</p>
      <div
        role="status"
        aria-label={en.common.notifications}
        id="said"
        className={styles.said}
        data-tone={refused ? "bad" : "warn"}
      >
        {refused && (
          <>
            <p>{t.wrongKey}</p>
            <p>{t.wrongKeyRemedy}</p>
          </>
        )}
        {!refused && toFinish && <p>{t.keyToFinish}</p>}
      </div>
      <form
        className={styles.card}
        onSubmit={(event) => {
          event.preventDefault();
          onKey(key.trim());
          setKey("");
          field.current?.focus();
        }}
      >
        <label htmlFor="key">{t.key}</label>
        <div className={styles.line}>
          <input
            id="key"
            ref={field}
            type="password"
            autoComplete="off"
            spellCheck={false}
            required
            value={key}
            onChange={(event) => setKey(event.target.value)}
            aria-invalid={refused}
            aria-describedby="said key-hint"
          />
          <button type="submit">{t.continue}</button>
        </div>
        <p id="key-hint" className={styles.soft}>
          {t.keyHint}
        </p>
      </form>
    </>
  );
}
