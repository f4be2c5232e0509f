import type { Trigger } from "../../api/triggers";
import { useFormat } from "../../i18n/format";
import { useStrings } from "../../integration/context";
import { Badge } from "../../ui/Badge";
import { Soft } from "../../ui/layout";
import { Link } from "../../ui/Link";
import { healthOf, healthTones } from "./health";
import styles from "./webhooks.module.css";

export function HealthBadge({ trigger }: { trigger: Trigger }) {
  const t = useStrings().webhooks;
  const health = healthOf(trigger);
  return <Badge tone={healthTones[health]}>{t.health[health]}</Badge>;
}

/** What is the matter, and where to look; nothing where all is well. */
export function HealthText({ trigger }: { trigger: Trigger }) {
  const t = useStrings().webhooks;
  const { time } = useFormat();
  const { id, problem, failures, failing_since: since } = trigger;
  switch (healthOf(trigger)) {
    case "off":
      return <Soft>{t.turnedOff}</Soft>;
    case "broken":
      return (
        <p className={styles.problem} data-tone="bad">
          {problem?.detail} {problem?.remedy}
        </p>
      );
    case "failing":
    case "shaky":
      return (
        since && (
          <p className={styles.problem}>
            {healthOf(trigger) === "failing" ? t.failuresMost(time(since)) : t.failures(failures, time(since))}{" "}
            <Link to={`/webhooks/${id}?verdict=failed`}>{t.seeFailed}</Link>
            {" · "}
            <Link to={`/webhooks/${id}?verdict=refused`}>{t.seeRefused}</Link>
          </p>
        )
      );
    default:
      return null;
  }
}
