import type { SendEvent } from "../../api/history";
import { useFormat } from "../../i18n/format";
import { useStrings } from "../../integration/context";
import { Badge } from "../../ui/Badge";
import { Disclosure } from "../../ui/Disclosure";
import { counted, eventTone, evidenceLines } from "./states";
import styles from "./history.module.css";

/** All that happened to a message, oldest first, with what makes us think so. */
export function Timeline({ events }: { events: readonly SendEvent[] }) {
  const t = useStrings().history.timeline;
  const judged = events.some((event) => counted(event) !== null);
  return (
    <section className={styles.block}>
      <h3>{t.label}</h3>
      <ol className={styles.timeline} aria-label={t.label}>
        {events.map((event) => (
          <Entry key={event.id} event={event} />
        ))}
      </ol>
      {judged && <Words />}
    </section>
  );
}

function Entry({ event }: { event: SendEvent }) {
  const t = useStrings().history.timeline;
  const { brief, time } = useFormat();
  const { type, at, verdict, reason, recipient, url, evidence } = event;
  const counts = counted(event);
  const lines = evidenceLines(evidence);
  return (
    <li data-tone={eventTone(event)}>
      <div className={styles.title}>
        <strong>{t.types[type]}</strong>
        {verdict && (
          <Badge tone={eventTone(event)}>{Object.hasOwn(t.verdicts, verdict) ? t.verdicts[verdict] : verdict}</Badge>
        )}
        {counts !== null && <span className={styles.small}>{counts ? t.counts : t.countsNot}</span>}
        <time dateTime={at} title={time(at)} className={styles.small}>
          {brief(at)}
        </time>
      </div>
      {recipient && <p className={styles.soft}>{t.by(recipient)}</p>}
      {url && <p className={styles.url}>{url}</p>}
      {reason && <p>{reason}</p>}
      {lines.length > 0 && (
        <Disclosure title={t.evidence}>
          <dl className={styles.facts}>
            {lines.map(([name, value]) => (
              <div key={name}>
                <dt>
                  <code>{name}</code>
                </dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        </Disclosure>
      )}
    </li>
  );
}

/** What a verdict means, in plain words. */
function Words() {
  const t = useStrings().history.timeline;
  return (
    <Disclosure title={t.whatWords}>
      <dl className={styles.words}>
        {Object.entries(t.words).map(([verdict, meaning]) => (
          <div key={verdict}>
            <dt>{t.verdicts[verdict]}</dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </Disclosure>
  );
}
