import { useState } from "react";
import { useHookDelivery, useReplay, type HookDeliveryDetail } from "../../api/triggers";
import { useFormat } from "../../i18n/format";
import { useStrings } from "../../integration/context";
import { useRouting } from "../../integration/routing";
import { Button } from "../../ui/Button";
import { AlertDialog, Dialog, DialogButtons } from "../../ui/Dialog";
import { Soft } from "../../ui/layout";
import { Link } from "../../ui/Link";
import { useNotices } from "../../ui/notices";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { Skeleton } from "../../ui/Waiting";
import { VerdictBadge } from "./Deliveries";
import { readable } from "./readable";
import styles from "./webhooks.module.css";

// What the API says to do about these is a call; here is a button for it.
const MAPPING = new Set([
  "path_failed",
  "invalid_recipient",
  "recipient_not_allowed",
  "too_many_recipients",
  "no_recipient",
]);

interface Props {
  trigger: string;
  delivery: string;
  onClose: () => void;
}

/** What came, what became of it, and once more. */
export function DeliveryDialog({ trigger, delivery, onClose }: Props) {
  const { common, webhooks } = useStrings();
  const t = webhooks.deliveries;
  const { navigate } = useRouting();
  const { data, error, isPending } = useHookDelivery(trigger, delivery);
  const [asking, setAsking] = useState(false);
  if (asking && data) return <ReplayDialog delivery={data} onClose={() => setAsking(false)} />;
  const kept = typeof data?.body === "string";
  return (
    <Dialog title={t.delivery} onClose={onClose} size="wide">
      <ProblemNotice error={error} />
      {isPending && <Skeleton lines={6} />}
      {data && <About delivery={data} />}
      <DialogButtons>
        {kept && (
          <>
            <Button onPress={() => navigate(`/webhooks/${trigger}/test?delivery=${delivery}`)}>{t.test}</Button>
            <Button onPress={() => setAsking(true)}>{t.replay}</Button>
          </>
        )}
        <Button kind="primary" onPress={onClose}>
          {common.close}
        </Button>
      </DialogButtons>
    </Dialog>
  );
}

function ReplayDialog({ delivery, onClose }: { delivery: HookDeliveryDetail; onClose: () => void }) {
  const t = useStrings().webhooks.deliveries;
  const { navigate } = useRouting();
  const { notify } = useNotices();
  const { mutateAsync, isPending, error } = useReplay(delivery.trigger);
  const replay = async () => {
    const made = await mutateAsync(delivery.id);
    navigate(`/webhooks/${delivery.trigger}`);
    notify({
      tone: made.verdict === "accepted" ? "good" : "warn",
      text: t.done[made.verdict],
      ...(made.detail ? { remedy: made.detail } : {}),
      ...(made.send ? { action: { label: t.message, onPress: () => navigate(`/history/${made.send ?? ""}`) } } : {}),
      focus: true,
    });
  };
  return (
    <AlertDialog
      title={t.replaying.title}
      onClose={onClose}
      confirm={t.replaying.confirm}
      onConfirm={() => void replay().catch(() => undefined)}
      isPending={isPending}
    >
      <p>
        {t.replaying.text} {delivery.send && t.replaying.again}
      </p>
      <ProblemNotice error={error} />
    </AlertDialog>
  );
}

function About({ delivery }: { delivery: HookDeliveryDetail }) {
  const t = useStrings().webhooks.deliveries;
  const { time, size } = useFormat();
  const refused = delivery.body_until === null;
  return (
    <>
      <dl className={styles.facts}>
        <Fact name={t.verdict}>
          <VerdictBadge delivery={delivery} />
          <Soft>{delivery.detail ?? t.about[delivery.verdict]}</Soft>
          {delivery.remedy && <Soft>{MAPPING.has(delivery.reason ?? "") ? t.tryIt : delivery.remedy}</Soft>}
        </Fact>
        {delivery.send && (
          <Fact name={t.columns.send}>
            <Link to={`/history/${delivery.send}`}>{t.message}</Link>
          </Fact>
        )}
        {delivery.name && <Fact name={t.id}>{delivery.name}</Fact>}
        {delivery.event && <Fact name={t.event}>{delivery.event}</Fact>}
        <Fact name={t.time}>{time(delivery.at)}</Fact>
        {delivery.signed_at && <Fact name={t.signed}>{time(delivery.signed_at)}</Fact>}
        {!refused && <Fact name={t.size}>{size(delivery.size)}</Fact>}
        {delivery.replay_of && (
          <Fact name={t.replayOf}>
            <Link to={`/webhooks/${delivery.trigger}/${delivery.replay_of}`}>{delivery.replay_of}</Link>
          </Fact>
        )}
      </dl>
      <section className={styles.block}>
        <h3>{t.body}</h3>
        {delivery.body === null ? (
          <Soft>{refused ? t.noBody : t.bodyGone}</Soft>
        ) : (
          // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls: by keyboard, too
          <pre className={styles.pre} tabIndex={0} aria-label={t.body}>
            {readable(delivery.body)}
          </pre>
        )}
      </section>
    </>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
