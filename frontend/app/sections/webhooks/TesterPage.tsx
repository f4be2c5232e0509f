import { useTrigger } from "../../api/triggers";
import { useStrings } from "../../integration/context";
import { useRouting } from "../../integration/routing";
import { SectionHeader, Stack } from "../../ui/layout";
import { Link } from "../../ui/Link";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { Skeleton } from "../../ui/Waiting";
import { sampleFor } from "./sample";
import { Tester } from "./Tester";
import { useDeclared } from "./useDeclared";
import styles from "./webhooks.module.css";

/** Tries a payload on a trigger; one out of the log at ?delivery={id}. */
export function TesterPage({ id }: { id: string }) {
  const t = useStrings().webhooks.tester;
  const delivery = useRouting().route.query.get("delivery") ?? "";
  const { data: trigger, error, isPending, refetch } = useTrigger(id);
  const declared = useDeclared(trigger?.template?.id ?? null, trigger?.template?.version ?? null);
  const ready = trigger && declared;
  return (
    <div aria-busy={isPending}>
      <p className={styles.back}>
        <Link to={`/webhooks/${id}`}>‹ {trigger?.name ?? t.back}</Link>
      </p>
      <SectionHeader title={t.title(trigger?.name ?? "")} lead={t.lead} />
      <Stack>
        <ProblemNotice error={error} onRetry={() => void refetch()} />
        {!ready && !error && <Skeleton lines={6} />}
        {ready && (
          <Tester
            trigger={trigger}
            start={{ payload: JSON.stringify(sampleFor(trigger, declared), null, 2), headers: "", delivery }}
          />
        )}
      </Stack>
    </div>
  );
}
