import { useStrings } from "../integration/context";
import styles from "./feedback.module.css";

export function Spinner({ children }: { children?: React.ReactNode }) {
  const strings = useStrings();
  return (
    <span role="status" className={styles.spinner}>
      {children ?? strings.common.loading}
    </span>
  );
}

/** Stands where something is about to come. */
export function Skeleton({ lines = 3 }: { lines?: number }) {
  const strings = useStrings();
  return (
    <div role="img" aria-label={strings.common.loading} className={styles.skeleton}>
      {Array.from({ length: lines }, (_, line) => (
        <span key={line} />
      ))}
    </div>
  );
}
