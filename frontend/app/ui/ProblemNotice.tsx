import { ApiProblem } from "../api/problem";
import type { Strings } from "../i18n/en";
import { useStrings } from "../integration/context";
import { Button } from "./Button";
import styles from "./feedback.module.css";

/** What to say about anything that was thrown. */
export function explain(error: unknown, strings: Strings): { detail: string; remedy: string; requestId: string } {
  if (!(error instanceof ApiProblem)) return { ...strings.problems.broken, requestId: "" };
  if (error.code === "offline" || error.code === "unreadable" || error.code === "no_token")
    return { ...strings.problems[error.code], requestId: "" };
  return { detail: error.detail, remedy: error.remedy, requestId: error.requestId };
}

export interface ProblemNoticeProps {
  /** Nothing is shown without one. */
  error: unknown;
  onRetry?: (() => void) | undefined;
  /** Pointers whose errors stand beside their fields; the others are listed here. */
  shownAt?: readonly string[];
}

/** What went wrong, what to do about it, and the id to ask with. Read out when it appears. */
export function ProblemNotice({ error, onRetry, shownAt = [] }: ProblemNoticeProps) {
  const strings = useStrings();
  if (!error) return null;
  const { detail, remedy, requestId } = explain(error, strings);
  const fields = error instanceof ApiProblem ? Object.entries(error.errors) : [];
  const rest = fields.filter(
    ([pointer]) => !shownAt.some((shown) => pointer === shown || pointer.startsWith(`${shown}/`)),
  );
  return (
    <div role="alert" className={styles.notice} data-tone="bad">
      <div>
        <p className={styles.detail}>{detail}</p>
        {remedy && <p className={styles.remedy}>{remedy}</p>}
        {rest.length > 0 && (
          <ul>
            {rest.map(([pointer, text]) => (
              <li key={pointer}>
                {pointer && <code>{pointer}</code>} {text}
              </li>
            ))}
          </ul>
        )}
        {requestId && <p className={styles.small}>{strings.common.requestId(requestId)}</p>}
      </div>
      {onRetry && (
        <Button size="small" onPress={onRetry}>
          {strings.common.tryAgain}
        </Button>
      )}
    </div>
  );
}
