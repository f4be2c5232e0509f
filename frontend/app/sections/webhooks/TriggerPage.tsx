import { useTrigger } from "../../api/triggers";
import { useStrings } from "../../integration/context";
import { useRouting } from "../../integration/routing";
import { Card, Stack } from "../../ui/layout";
import { Link } from "../../ui/Link";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { Skeleton } from "../../ui/Waiting";
import { Deliveries } from "./Deliveries";
import { DeliveryDialog } from "./DeliveryDialog";
import { Facts } from "./Facts";
import { Firing } from "./Firing";
import { HealthBadge, HealthText } from "./Health";
import { TriggerActions } from "./TriggerActions";
import styles from "./webhooks.module.css";

/** One trigger: how it fares, what can be done, what came. One webhook at /webhooks/{id}/{delivery}. */
export function TriggerPage({ id }: { id: string }) {
  const t = useStrings().webhooks;
  const { route, navigate } = useRouting();
  const { data: trigger, error, isPending, refetch } = useTrigger(id);
  const delivery = route.rest[1];
  return (
    <div aria-busy={isPending}>
      <p className={styles.back}>
        <Link to="/webhooks">‹ {t.back}</Link>
      </p>
      <Stack>
        <ProblemNotice error={error} onRetry={() => void refetch()} />
        {isPending && <Skeleton lines={6} />}
        {trigger && (
          <>
            <header className={styles.block}>
              <div className={styles.title}>
                <h2>{trigger.name}</h2>
                <HealthBadge trigger={trigger} />
              </div>
              <HealthText trigger={trigger} />
              <TriggerActions trigger={trigger} />
            </header>
            <Card label={trigger.name}>
              <Stack>
                <Firing trigger={trigger} />
                <Facts trigger={trigger} />
              </Stack>
            </Card>
            <Deliveries trigger={id} />
          </>
        )}
      </Stack>
      {trigger && delivery && (
        <DeliveryDialog key={delivery} trigger={id} delivery={delivery} onClose={() => navigate(`/webhooks/${id}`)} />
      )}
    </div>
  );
}
