import { useEndpoint, type Endpoint } from "../../api/endpoints";
import { useFormat } from "../../i18n/format";
import { useStrings } from "../../integration/context";
import { useRouting } from "../../integration/routing";
import { Badge } from "../../ui/Badge";
import { Card, Line, Stack } from "../../ui/layout";
import { Link } from "../../ui/Link";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { Skeleton } from "../../ui/Waiting";
import { Deliveries } from "./Deliveries";
import { DeliveryDialog } from "./DeliveryDialog";
import { EndpointActions } from "./EndpointActions";
import { HealthBadge, HealthText } from "./EventsSection";
import styles from "./events.module.css";

/** One endpoint: how it fares, what can be done, what was delivered. One delivery at /events/{id}/{delivery}. */
export function EndpointPage({ id }: { id: string }) {
  const t = useStrings().events;
  const { route, navigate } = useRouting();
  const { data: endpoint, error, isPending, refetch } = useEndpoint(id);
  const delivery = route.rest[1];
  return (
    <div aria-busy={isPending}>
      <Stack>
        <Line>
          <Link to="/events">‹ {t.back}</Link>
        </Line>
        <ProblemNotice error={error} onRetry={() => void refetch()} />
        {isPending && <Skeleton lines={6} />}
        {endpoint && (
          <>
            <header className={styles.block}>
              <div className={styles.title}>
                <h2>{endpoint.url}</h2>
                <HealthBadge endpoint={endpoint} />
              </div>
              <HealthText endpoint={endpoint} />
              <EndpointActions endpoint={endpoint} />
            </header>
            <Card label={endpoint.url}>
              <About endpoint={endpoint} />
            </Card>
            <Deliveries endpoint={id} />
          </>
        )}
      </Stack>
      {endpoint && delivery && (
        <DeliveryDialog endpoint={id} delivery={delivery} onClose={() => navigate(`/events/${id}`)} />
      )}
    </div>
  );
}

function About({ endpoint }: { endpoint: Endpoint }) {
  const t = useStrings().events;
  const { time } = useFormat();
  return (
    <dl className={styles.facts}>
      <dt>{t.kinds}</dt>
      <dd>
        <Line>
          {endpoint.events.includes("*")
            ? t.everything
            : endpoint.events.map((type) => <Badge key={type}>{type}</Badge>)}
        </Line>
      </dd>
      <dt>{t.secrets}</dt>
      <dd>
        {endpoint.secrets.map(({ created_at, expires_at }) => (
          <div key={created_at}>
            {t.secretSince(time(created_at))}
            {expires_at && `, ${t.secretUntil(time(expires_at))}`}
          </div>
        ))}
      </dd>
    </dl>
  );
}
