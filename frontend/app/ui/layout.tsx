import styles from "./layout.module.css";

/** A section's top: its title, a sentence, and the one thing to do there. */
export function SectionHeader({ title, lead, children }: { title: string; lead?: string; children?: React.ReactNode }) {
  return (
    <header className={styles.header}>
      <div>
        <h2 tabIndex={-1}>{title}</h2>
        {lead && <p className={styles.soft}>{lead}</p>}
      </div>
      {children && <div className={styles.line}>{children}</div>}
    </header>
  );
}

export function Card({ children, label }: { children: React.ReactNode; label?: string }) {
  return (
    <section className={styles.card} aria-label={label}>
      {children}
    </section>
  );
}

/** One below the other, with space between. */
export function Stack({ children }: { children: React.ReactNode }) {
  return <div className={styles.stack}>{children}</div>;
}

/** Beside each other, and below where there is no room. */
export function Line({ children }: { children: React.ReactNode }) {
  return <div className={styles.line}>{children}</div>;
}

export function Soft({ children }: { children: React.ReactNode }) {
  return <p className={styles.soft}>{children}</p>;
}
