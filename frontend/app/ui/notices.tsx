import { createContext, use, useCallback, useMemo, useRef, useState, type ReactNode } from "react";
import { useStrings } from "../integration/context";
import type { Tone } from "./Badge";
import { Button } from "./Button";
import styles from "./feedback.module.css";
import { explain } from "./ProblemNotice";

export interface Notice {
  tone: Tone;
  text: string;
  remedy?: string;
  /** Something to do about it, such as undoing. */
  action?: { label: string; onPress: () => void };
  /** Puts the keyboard here, where the button that was pressed is gone. */
  focus?: boolean;
}

interface Notices {
  notify: (notice: Notice) => void;
  /** Says what was thrown. */
  notifyProblem: (error: unknown) => void;
  clear: () => void;
}

const NoticesContext = createContext<Notices | null>(null);

/** For what the page says about what was just done. It stays until it is dismissed or the next one comes. */
export function useNotices(): Notices {
  const found = use(NoticesContext);
  if (!found) throw new Error("There are no notices outside <GmailIntegration>.");
  return found;
}

export function NoticeRegion({ children }: { children: ReactNode }) {
  const strings = useStrings();
  const [notice, setNotice] = useState<Notice | null>(null);
  const region = useRef<HTMLDivElement>(null);
  const notify = useCallback((given: Notice) => {
    setNotice(given);
    if (given.focus) requestAnimationFrame(() => region.current?.focus());
  }, []);
  const value = useMemo<Notices>(
    () => ({
      notify,
      notifyProblem: (error) => {
        const { detail, remedy } = explain(error, strings);
        notify({ tone: "bad", text: detail, remedy });
      },
      clear: () => setNotice(null),
    }),
    [notify, strings],
  );
  return (
    <NoticesContext value={value}>
      {/* In the page even while empty, so that what is written into it is read out. */}
      <div ref={region} role="status" aria-label={strings.common.notifications} tabIndex={-1} className={styles.region}>
        {notice && (
          <div className={styles.notice} data-tone={notice.tone}>
            <div>
              <p className={styles.detail}>{notice.text}</p>
              {notice.remedy && <p className={styles.remedy}>{notice.remedy}</p>}
            </div>
            <div className={styles.actions}>
              {notice.action && (
                <Button size="small" onPress={notice.action.onPress}>
                  {notice.action.label}
                </Button>
              )}
              <Button kind="plain" size="small" aria-label={strings.common.dismiss} onPress={value.clear}>
                ✕
              </Button>
            </div>
          </div>
        )}
      </div>
      {children}
    </NoticesContext>
  );
}
