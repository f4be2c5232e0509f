import type { Trigger } from "../../api/triggers";
import { useStrings } from "../../integration/context";
import { CopyField } from "../../ui/CopyField";
import { Disclosure } from "../../ui/Disclosure";
import { Soft } from "../../ui/layout";
import { sampleFor } from "./sample";
import { scriptFor } from "./signing";
import { useDeclared } from "./useDeclared";
import styles from "./webhooks.module.css";

/** Where webhooks go, and how to send one by hand. */
export function Firing({ trigger }: { trigger: Trigger }) {
  const t = useStrings().webhooks.firing;
  return (
    <section className={styles.block} aria-label={t.title}>
      <CopyField label={t.url} value={trigger.url} />
      <Script trigger={trigger} />
    </section>
  );
}

/** A shell script that fires it, with the `secret` while it is known. */
export function Script({ trigger, secret }: { trigger: Trigger; secret?: string }) {
  const t = useStrings().webhooks.firing;
  const declared = useDeclared(trigger.template?.id ?? null, trigger.template?.version ?? null);
  const payload = JSON.stringify(sampleFor(trigger, declared));
  return (
    <Disclosure title={t.script}>
      <div className={styles.block}>
        <Soft>{secret ? t.scriptReady : t.scriptAbout}</Soft>
        <CopyField label={t.script} value={scriptFor(trigger, payload, secret)} block />
      </div>
    </Disclosure>
  );
}
