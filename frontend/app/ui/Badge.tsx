import styles from "./feedback.module.css";

export type Tone = "calm" | "good" | "warn" | "bad";

/** A word about a state. The colour repeats what the word says. */
export function Badge({ tone = "calm", children }: { tone?: Tone; children: React.ReactNode }) {
  return (
    <span className={styles.badge} data-tone={tone}>
      {children}
    </span>
  );
}
