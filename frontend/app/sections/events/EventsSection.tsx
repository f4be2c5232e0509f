import { useState } from "react";
import { useEndpoints, type Endpoint } from "../../api/endpoints";
import { useFormat } from "../../i18n/format";
import { useStrings } from "../../integration/context";
import { useRouting } from "../../integration/routing";
import { Badge } from "../../ui/Badge";
import { Button } from "../../ui/Button";
import { EmptyState } from "../../ui/EmptyState";
import { Card, SectionHeader, Soft, Stack } from "../../ui/layout";
import { Link } from "../../ui/Link";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { Skeleton } from "../../ui/Waiting";
import { EndpointDialog } from "./EndpointDialog";
import { EndpointPage } from "./EndpointPage";
import { healthOf } from "./health";
import styles from "./events.module.css";

/** Where events go: the endpoints; one of them with its deliveries at /events/{id}. */
export default function EventsSection() {
  const [id] = useRouting().route.rest;
  return id ? <EndpointPage key={id} id={id} /> : <EndpointList />;
}

function EndpointList() {
  const t = useStrings().events;
  const { data: endpoints, error, isPending, refetch } = useEndpoints();
  const [isOpen, setOpen] = useState(false);
  return (
    <div aria-busy={isPending}>
      <SectionHeader title={t.title} lead={t.lead}>
        <Button kind="primary" onPress={() => setOpen(true)}>
          {t.create}
        </Button>
      </SectionHeader>
      <Stack>
        <ProblemNotice error={error} onRetry={() => void refetch()} />
        {isPending && <Skeleton lines={4} />}
        {endpoints?.length === 0 && <EmptyState title={t.empty}>{t.emptyNext}</EmptyState>}
        {endpoints?.map((endpoint) => (
          <EndpointCard key={endpoint.id} endpoint={endpoint} />
        ))}
      </Stack>
      {isOpen && <EndpointDialog onClose={() => setOpen(false)} />}
    </div>
  );
}

function EndpointCard({ endpoint }: { endpoint: Endpoint }) {
  const t = useStrings().events;
  const { time } = useFormat();
  return (
    <Card label={endpoint.url}>
      <div className={styles.title}>
        <h3>
          <Link to={`/events/${endpoint.id}`}>{endpoint.url}</Link>
        </h3>
        <HealthBadge endpoint={endpoint} />
      </div>
      <Soft>
        {endpoint.events.includes("*") ? t.everything : t.listOf(endpoint.events.length)}
        {` · ${t.made(time(endpoint.created_at))}`}
      </Soft>
      <HealthText endpoint={endpoint} />
    </Card>
  );
}

export function HealthBadge({ endpoint }: { endpoint: Endpoint }) {
  const t = useStrings().events;
  const health = healthOf(endpoint);
  const tones = { enabled: "good", failing: "warn", disabled: "bad", off: "calm" } as const;
  return <Badge tone={tones[health]}>{health === "off" ? t.disabled : t[health]}</Badge>;
}

/** Why it is off, or since when nothing arrives; nothing where all is well. */
export function HealthText({ endpoint }: { endpoint: Endpoint }) {
  const t = useStrings().events;
  const { time } = useFormat();
  const { disabled_reason: reason, disabled_at: at, failing_since: since } = endpoint;
  switch (healthOf(endpoint)) {
    case "disabled":
      return <p className={styles.problem}>{`${reason ?? ""} ${at ? t.disabledAt(time(at)) : ""}`.trim()}</p>;
    case "off":
      return <Soft>{t.turnedOff}</Soft>;
    case "failing":
      return since && <p className={styles.problem}>{t.failingSince(time(since))}</p>;
    default:
      return null;
  }
}
