import { useCallback, useEffect, useRef, useState } from "react";
import { GmailIntegration } from "../components/settings/GmailIntegration";
import { en } from "../i18n/en";
import { readConnectResult } from "../integration/connect-result";
import { looksLikeKey, keyFromAddress, storedKey, storeKey } from "./session";
import { SignIn } from "./SignIn";
import styles from "./console.module.css";

interface Session {
  key: string;
  refused: boolean;
}

function start(): Session {
  const given = keyFromAddress();
  if (given) storeKey(given);
  const key = given || storedKey();
  return key && !looksLikeKey(key) ? { key: "", refused: true } : { key, refused: false };
}

/** The page: a key is asked for, then the component is shown. */
export function Console() {
  const t = en.console;
  const [{ key, refused }, setSession] = useState(start);
  const main = useRef<HTMLElement>(null);
  const enter = useCallback((given: string) => {
    const valid = looksLikeKey(given);
    storeKey(valid ? given : "");
    setSession({ key: valid ? given : "", refused: !valid });
    requestAnimationFrame(() => main.current?.focus());
  }, []);
  const leave = (wrong: boolean) => {
    storeKey("");
    setSession({ key: "", refused: wrong });
  };
  useEffect(() => {
    storeKey(key);
    // The printed link, opened in a tab that has the page already, loads nothing.
    const changed = () => {
      const found = keyFromAddress();
      if (found) enter(found);
    };
    window.addEventListener("hashchange", changed);
    return () => {
      window.removeEventListener("hashchange", changed);
    };
  }, [key, enter]);
  return (
    <div className="console">
      <header className="console-top">
        <h1>{t.title}</h1>
        {key && (
          <button type="button" className={styles.leave} onClick={() => leave(false)}>
            {t.leave}
          </button>
        )}
      </header>
      <main ref={main} tabIndex={-1} className={styles.main}>
        {key ? (
          <GmailIntegration
            key={key} // another key, another user: nothing of the first one is kept
            apiUrl=""
            getToken={() => key}
            routing="hash"
            returnTo={`${location.origin}/`}
            onUnauthenticated={() => leave(true)}
          />
        ) : (
          <SignIn refused={refused} toFinish={readConnectResult(location.search)?.status === "confirm"} onKey={enter} />
        )}
      </main>
      <footer className={styles.footer}>
        <a href="/api/gmail/openapi.json">{t.description}</a>
      </footer>
    </div>
  );
}
