import { useState } from "react";
import { ApiProblem } from "../../api/problem";
import { useHookDeliveries, useHookDelivery, useTestTrigger, type Trigger } from "../../api/triggers";
import { useFormat } from "../../i18n/format";
import { useStrings } from "../../integration/context";
import { Button } from "../../ui/Button";
import { Disclosure } from "../../ui/Disclosure";
import { Form } from "../../ui/Form";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { Select } from "../../ui/Select";
import { TextField } from "../../ui/TextField";
import { Skeleton } from "../../ui/Waiting";
import { shortName } from "./Deliveries";
import { readable } from "./readable";
import { TestResult } from "./TestResult";
import { problemsAt, requestOfTrial, type Trial } from "./trial";
import styles from "./webhooks.module.css";

export function Tester({ trigger, start }: { trigger: Trigger; start: Trial }) {
  const t = useStrings().webhooks.tester;
  const [trial, setTrial] = useState(start);
  const [bad, setBad] = useState<"payload" | "headers" | null>(null);
  const { mutateAsync, data, error, isPending } = useTestTrigger(trigger.id);
  const set = (part: Partial<Trial>) => setTrial((before) => ({ ...before, ...part }));
  const problem = error instanceof ApiProblem ? error : null;
  const at = (pointer: string) => problem?.at(pointer) ?? problemsAt(data?.problems ?? [], pointer)[0];
  return (
    <div className={styles.tester}>
      <Form
        className={styles.group}
        onSubmit={() => {
          const request = requestOfTrial(trial);
          setBad("bad" in request ? request.bad : null);
          return "body" in request ? mutateAsync(request.body) : undefined;
        }}
      >
        <Source trigger={trigger.id} value={trial.delivery} onChange={(delivery) => set({ delivery })} />
        {trial.delivery ? (
          <Recorded trigger={trigger.id} delivery={trial.delivery} />
        ) : (
          <>
            <TextField
              label={t.payload}
              rows={14}
              mono
              value={trial.payload}
              onChange={(payload) => set({ payload })}
              error={bad === "payload" ? t.payloadBad : (at("/payload") ?? at("/body"))}
            />
            <Disclosure title={t.signature}>
              <TextField
                label={t.headers}
                hint={t.headersHint}
                rows={4}
                mono
                value={trial.headers}
                onChange={(headers) => set({ headers })}
                error={bad === "headers" ? t.headersBad : at("/headers")}
              />
            </Disclosure>
          </>
        )}
        <ProblemNotice error={error} shownAt={["/payload", "/body", "/headers"]} />
        <div>
          <Button kind="primary" type="submit" isPending={isPending}>
            {t.confirm}
          </Button>
        </div>
      </Form>
      <div aria-live="polite">{data && <TestResult result={data} />}</div>
    </div>
  );
}

function Source({ trigger, value, onChange }: { trigger: string; value: string; onChange: (id: string) => void }) {
  const t = useStrings().webhooks.tester;
  const { brief } = useFormat();
  const { data } = useHookDeliveries(trigger);
  const kept = (data?.pages.flatMap((page) => page.deliveries) ?? []).filter((one) => one.body_until !== null);
  const options = kept.map((one) => ({ id: one.id, label: t.recorded(shortName(one), brief(one.at)) }));
  const other = value && !options.some(({ id }) => id === value) ? [{ id: value, label: value }] : [];
  return (
    <Select
      label={t.source}
      options={[{ id: "", label: t.pasted }, ...other, ...options]}
      value={value}
      onChange={onChange}
    />
  );
}

function Recorded({ trigger, delivery }: { trigger: string; delivery: string }) {
  const t = useStrings().webhooks.tester;
  const { data, error, isPending } = useHookDelivery(trigger, delivery);
  if (isPending) return <Skeleton lines={4} />;
  if (error) return <ProblemNotice error={error} />;
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls: by keyboard, too
    <pre className={styles.pre} tabIndex={0} aria-label={t.webhook}>
      {readable(data.body ?? "")}
    </pre>
  );
}
