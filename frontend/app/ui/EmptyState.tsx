import styles from "./feedback.module.css";

/** Nothing here yet, and what to do next. */
export function EmptyState({
  title,
  children,
  action,
}: {
  title: string;
  children?: React.ReactNode;
  action?: React.ReactNode;
}) {
  return (
    <div className={styles.empty}>
      <p className={styles.detail}>{title}</p>
      {children && <p>{children}</p>}
      {action}
    </div>
  );
}
