import { useCallback, useEffect, useRef, useState } from "react";
import { createPortal } from "react-dom";
import type { Early } from "../api/early";
import { InBrowser as GmailIntegration } from "../components/settings/GmailIntegration";
import { en } from "../i18n/en";
import { readConnectResult } from "../integration/connect-result";
import { looksLikeKey, keyFromAddress, storeKey, type Session } from "./session";
import { SignIn } from "./SignIn";
import styles from "./console.module.css";

/** The page below its heading, which is in index.html: a key is asked for, then the component is shown. */
export function Console({ session, early }: { session: Session; early: Early }) {
  const t = en.console;
  const [{ key, refused }, setSession] = useState(session);
  const main = useRef<HTMLElement>(null);
  const [top] = useState(() => document.getElementById("top"));
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
    <>
      {top &&
        key &&
        createPortal(
          <button type="button" className={styles.leave} onClick={() => leave(false)}>
            {t.leave}
          </button>,
          top,
        )}
      <main ref={main} tabIndex={-1} className={styles.main}>
        {key ? (
          <GmailIntegration
            key={key} // another key, another user: nothing of the first one is kept
            apiUrl=""
            getToken={() => key}
            routing="hash"
            returnTo={`${location.origin}/`}
            onUnauthenticated={() => leave(true)}
            {...(key === session.key ? { early } : {})} // asked for with the key that was there first
          />
        ) : (
          <SignIn refused={refused} toFinish={readConnectResult(location.search)?.status === "confirm"} onKey={enter} />
        )}
      </main>
      <footer className={styles.footer}>
        <a href="/api/gmail/openapi.json">{t.description}</a>
      </footer>
    </>
  );
}
