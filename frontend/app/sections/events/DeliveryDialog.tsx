import { useDelivery, useRedeliver, type Delivery, type DeliveryDetail } from "../../api/endpoints";
import { useFormat } from "../../i18n/format";
import { useStrings } from "../../integration/context";
import { Badge } from "../../ui/Badge";
import { Button } from "../../ui/Button";
import { Dialog, DialogButtons } from "../../ui/Dialog";
import { Soft } from "../../ui/layout";
import { useNotices } from "../../ui/notices";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { Skeleton } from "../../ui/Waiting";
import { DeliveryState } from "./Deliveries";
import { arrived } from "./health";
import styles from "./events.module.css";

interface Props {
  endpoint: string;
  delivery: string;
  onClose: () => void;
}

/** What was sent, what came back each time, and once more. */
export function DeliveryDialog({ endpoint, delivery, onClose }: Props) {
  const { common, events } = useStrings();
  const t = events.deliveries;
  const { notify } = useNotices();
  const { data, error, isPending } = useDelivery(endpoint, delivery);
  const again = useRedeliver(endpoint);
  const redeliver = async () => {
    await again.mutateAsync(delivery, { onSuccess: onClose });
    notify({ tone: "good", text: t.redelivered });
  };
  return (
    <Dialog title={data?.type ?? t.title1} onClose={onClose} size="wide">
      <ProblemNotice error={error ?? again.error} />
      {isPending && <Skeleton lines={6} />}
      {data && <About delivery={data} />}
      <DialogButtons>
        <Button isPending={again.isPending} isDisabled={!data} onPress={() => void redeliver().catch(() => undefined)}>
          {t.redeliver}
        </Button>
        <Button kind="primary" onPress={onClose}>
          {common.close}
        </Button>
      </DialogButtons>
    </Dialog>
  );
}

function About({ delivery }: { delivery: DeliveryDetail }) {
  const t = useStrings().events.deliveries;
  return (
    <>
      <dl className={styles.facts}>
        <dt>{t.columns.status}</dt>
        <dd>
          <DeliveryState delivery={delivery} />
          {delivery.detail && <Soft>{delivery.detail}</Soft>}
        </dd>
        <dt>{t.id}</dt>
        <dd>
          <code>{delivery.event}</code>
        </dd>
      </dl>
      <Attempts attempts={delivery.attempts} />
      <section className={styles.block}>
        <h3>{t.payload}</h3>
        {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls: by keyboard, too */}
        <pre className={styles.pre} tabIndex={0} aria-label={t.payload}>
          {JSON.stringify(delivery.payload, null, 2)}
        </pre>
      </section>
    </>
  );
}

function Attempts({ attempts }: Pick<Delivery, "attempts">) {
  const t = useStrings().events.deliveries;
  const { time, number } = useFormat();
  if (!attempts.length) return null;
  return (
    <section className={styles.block}>
      <h3>{t.attempts}</h3>
      <ol className={styles.list}>
        {attempts.map((attempt) => (
          <li key={attempt.at}>
            <div className={styles.title}>
              <Badge tone={arrived(attempt) ? "good" : "bad"}>{attempt.status_code ?? t.noAnswer}</Badge>
              <time dateTime={attempt.at}>{time(attempt.at)}</time>
              <Soft>{t.milliseconds(number(attempt.milliseconds))}</Soft>
            </div>
            {attempt.detail && <p>{attempt.detail}</p>}
            {attempt.answer && <pre className={styles.pre}>{attempt.answer}</pre>}
          </li>
        ))}
      </ol>
    </section>
  );
}
