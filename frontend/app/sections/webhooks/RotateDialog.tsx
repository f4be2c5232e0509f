import { useState } from "react";
import { ApiProblem } from "../../api/problem";
import { useRotateTrigger, type Trigger } from "../../api/triggers";
import { useStrings } from "../../integration/context";
import { useShowOnce } from "../../integration/shownOnce";
import { useAskBeforeLeaving } from "../../integration/unsaved";
import { Button } from "../../ui/Button";
import { Dialog, DialogButtons } from "../../ui/Dialog";
import { Form } from "../../ui/Form";
import { useNotices } from "../../ui/notices";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { Select } from "../../ui/Select";
import { TextField } from "../../ui/TextField";
import { SecretDialog } from "./SecretDialog";
import styles from "./webhooks.module.css";

const OVERLAPS = ["0", "3600", "86400", "604800"] as const; // seconds

interface Props {
  trigger: Trigger;
  onClose: () => void;
}

/** Another secret: a new one, or one that the sender made. It stays until the answer is there: that shows the secret once. */
export function RotateDialog({ trigger, onClose }: Props) {
  const { common, webhooks } = useStrings();
  const t = webhooks.rotating;
  const { mutateAsync, isPending, error } = useRotateTrigger(trigger.id);
  const [overlap, setOverlap] = useState<(typeof OVERLAPS)[number]>("86400");
  const [given, setGiven] = useState("");
  const showOnce = useShowOnce();
  const { notify } = useNotices();
  useAskBeforeLeaving(isPending);
  const rotate = async () => {
    const secret = given.trim();
    const request = { overlap_seconds: Number(overlap), ...(secret ? { secret } : {}) };
    const changed = await mutateAsync(request, { onSuccess: onClose });
    if (secret) notify({ tone: "good", text: t.done });
    else showOnce((close) => <SecretDialog trigger={changed} onClose={close} />);
  };
  const problem = error instanceof ApiProblem ? error : null;
  return (
    <Dialog title={t.title} onClose={onClose} stays={isPending}>
      <Form className={styles.form} onSubmit={rotate}>
        <p>{t.text}</p>
        <TextField
          label={t.given}
          hint={t.givenHint}
          mono
          autoComplete="off"
          value={given}
          onChange={setGiven}
          error={problem?.at("/secret")}
        />
        <Select
          label={t.overlap}
          options={OVERLAPS.map((id) => ({ id, label: t.overlaps[id] }))}
          value={overlap}
          onChange={setOverlap}
          error={problem?.at("/overlap_seconds")}
        />
        <ProblemNotice error={error} shownAt={["/secret", "/overlap_seconds"]} />
        <DialogButtons>
          <Button onPress={onClose} isDisabled={isPending}>
            {common.cancel}
          </Button>
          <Button kind="primary" type="submit" isPending={isPending}>
            {t.confirm}
          </Button>
        </DialogButtons>
      </Form>
    </Dialog>
  );
}
