import { useId } from "react";
import { Soft } from "../../ui/layout";
import styles from "./webhooks.module.css";

/** Fields that belong together, under what they are about. */
export function Group({ title, lead, children }: { title: string; lead?: string; children: React.ReactNode }) {
  const id = useId();
  return (
    <section className={styles.group} role="group" aria-labelledby={id}>
      <h3 id={id}>{title}</h3>
      {lead && <Soft>{lead}</Soft>}
      {children}
    </section>
  );
}
