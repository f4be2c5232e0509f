import { useState } from "react";
import { ApiProblem } from "../../api/problem";
import { useRotateTrigger, type Trigger } from "../../api/triggers";
import { useStrings } from "../../integration/context";
import { Button } from "../../ui/Button";
import { Dialog, DialogButtons } from "../../ui/Dialog";
import { Form } from "../../ui/Form";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { Select } from "../../ui/Select";
import { TextField } from "../../ui/TextField";
import styles from "./webhooks.module.css";

const OVERLAPS = ["0", "3600", "86400", "604800"] as const; // seconds

interface Props {
  trigger: Trigger;
  onClose: () => void;
  /** `shown`: the secret is a new one, which nobody knows yet. */
  onChanged: (trigger: Trigger, shown: boolean) => void;
}

/** Another secret: a new one, or one that the sender made. It stays until the answer is there: that shows the secret once. */
export function RotateDialog({ trigger, onClose, onChanged }: Props) {
  const { common, webhooks } = useStrings();
  const t = webhooks.rotating;
  const { mutateAsync, isPending, error } = useRotateTrigger(trigger.id);
  const [overlap, setOverlap] = useState<(typeof OVERLAPS)[number]>("86400");
  const [given, setGiven] = useState("");
  const problem = error instanceof ApiProblem ? error : null;
  return (
    <Dialog title={t.title} isOpen onClose={onClose} stays={isPending}>
      <Form
        className={styles.form}
        onSubmit={async () => {
          const secret = given.trim();
          const changed = await mutateAsync({ overlap_seconds: Number(overlap), ...(secret ? { secret } : {}) });
          onChanged(changed, !secret);
        }}
      >
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
