import type { SendDetail } from "../../api/history";
import { useFormat } from "../../i18n/format";
import { useStrings } from "../../integration/context";
import { Badge } from "../../ui/Badge";
import { Card } from "../../ui/layout";
import { Facts } from "./Facts";
import { Tiles } from "./Tiles";
import { Timeline } from "./Timeline";
import styles from "./history.module.css";

/** What became of a message: the counts, what happened, each call of Gmail, and what it was. */
export function Story({ send }: { send: SendDetail }) {
  const t = useStrings().history.message;
  const { number } = useFormat();
  const { counts, totals } = send;
  return (
    <div className={styles.story}>
      <div className={styles.block}>
        <Tiles
          label={t.countsLabel}
          items={[
            { name: t.counts.opens, value: counts.opens, note: t.total(number(totals.opens)) },
            { name: t.counts.clicks, value: counts.clicks, note: t.total(number(totals.clicks)) },
            { name: t.counts.replies, value: counts.replies },
            { name: t.counts.bounces, value: counts.bounces },
          ]}
        />
        <Timeline events={send.events} />
        <Attempts attempts={send.attempts} />
      </div>
      <Card label={t.facts.label}>
        <Facts send={send} />
      </Card>
    </div>
  );
}

function Attempts({ attempts }: Pick<SendDetail, "attempts">) {
  const t = useStrings().history.message;
  const { brief, time } = useFormat();
  return (
    <section className={styles.block}>
      <h3>{t.attempts}</h3>
      {attempts.length === 0 && <p className={styles.soft}>{t.noAttempts}</p>}
      <ol className={styles.list}>
        {attempts.map(({ at, outcome, code, detail }) => (
          <li key={at}>
            <div className={styles.title}>
              <Badge tone={outcome === "sent" ? "good" : outcome === "failed" ? "bad" : "calm"}>
                {t.outcomes[outcome]}
              </Badge>
              <time dateTime={at} title={time(at)} className={styles.small}>
                {brief(at)}
              </time>
              {code && <code>{code}</code>}
            </div>
            {detail && <p>{detail}</p>}
          </li>
        ))}
      </ol>
    </section>
  );
}
