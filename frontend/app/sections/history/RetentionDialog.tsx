import { useState } from "react";
import { useKeepFor, useRetention, type Retention } from "../../api/history";
import { ApiProblem } from "../../api/problem";
import { useStrings } from "../../integration/context";
import { Button } from "../../ui/Button";
import { Dialog, DialogButtons } from "../../ui/Dialog";
import { Form } from "../../ui/Form";
import { Soft } from "../../ui/layout";
import { useNotices } from "../../ui/notices";
import { NumberField } from "../../ui/NumberField";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { Skeleton } from "../../ui/Waiting";
import styles from "./history.module.css";

const LONGEST = 3650; // days

export function RetentionDialog({ onClose }: { onClose: () => void }) {
  const t = useStrings().history.kept;
  return (
    <Dialog title={t.title} onClose={onClose}>
      <Soft>{t.lead}</Soft>
      <Loaded onClose={onClose} />
    </Dialog>
  );
}

function Loaded({ onClose }: { onClose: () => void }) {
  const { data, error, refetch } = useRetention();
  if (error) return <ProblemNotice error={error} onRetry={() => void refetch()} />;
  return data ? <RetentionForm kept={data} onClose={onClose} /> : <Skeleton />;
}

function RetentionForm({ kept, onClose }: { kept: Retention; onClose: () => void }) {
  const strings = useStrings();
  const t = strings.history.kept;
  const { notify } = useNotices();
  const { mutateAsync, isPending, error } = useKeepFor();
  const [content, setContent] = useState<number | null>(kept.content_days);
  const [events, setEvents] = useState<number | null>(kept.event_days);
  const problem = error instanceof ApiProblem ? error : null;
  const save = async () => {
    await mutateAsync({ content_days: content, event_days: events }, { onSuccess: onClose });
    notify({ tone: "good", text: t.saved });
  };
  return (
    <Form className={styles.form} onSubmit={save}>
      <NumberField
        label={t.content}
        hint={t.hint}
        value={content}
        onChange={setContent}
        minValue={1}
        maxValue={LONGEST}
        error={problem?.at("/content_days")}
      />
      <NumberField
        label={t.events}
        value={events}
        onChange={setEvents}
        minValue={1}
        maxValue={LONGEST}
        error={problem?.at("/event_days")}
      />
      <ProblemNotice error={error} shownAt={["/content_days", "/event_days"]} />
      <DialogButtons>
        <Button onPress={onClose}>{strings.common.cancel}</Button>
        <Button kind="primary" type="submit" isPending={isPending}>
          {strings.common.save}
        </Button>
      </DialogButtons>
    </Form>
  );
}
