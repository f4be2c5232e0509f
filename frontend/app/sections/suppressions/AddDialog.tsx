import { useState } from "react";
import { ApiProblem } from "../../api/problem";
import { useAddSuppression, type SuppressionReason } from "../../api/suppressions";
import { useStrings } from "../../integration/context";
import { Button } from "../../ui/Button";
import { Dialog, DialogButtons } from "../../ui/Dialog";
import { Form } from "../../ui/Form";
import { useNotices } from "../../ui/notices";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { Select } from "../../ui/Select";
import { TextField } from "../../ui/TextField";
import { REASONS } from "./filters";
import styles from "./suppressions.module.css";

interface Props {
  onClose: () => void;
}

export function AddDialog({ onClose }: Props) {
  const t = useStrings().suppressions.adding;
  return (
    <Dialog title={t.title} onClose={onClose}>
      <AddForm onClose={onClose} />
    </Dialog>
  );
}

function AddForm({ onClose }: Props) {
  const { common, suppressions } = useStrings();
  const t = suppressions.adding;
  const { notify } = useNotices();
  const { mutateAsync, isPending, error } = useAddSuppression();
  const [address, setAddress] = useState("");
  const [reason, setReason] = useState<SuppressionReason>("manual");
  const [note, setNote] = useState("");
  const problem = error instanceof ApiProblem ? error : null;
  const add = async () => {
    const entry = { address: address.trim(), reason, ...(note.trim() ? { note: note.trim() } : {}) };
    await mutateAsync(entry, { onSuccess: onClose });
    notify({ tone: "good", text: t.added(entry.address) });
  };
  return (
    <Form className={styles.form} onSubmit={add}>
      <TextField
        label={t.address}
        type="email"
        value={address}
        onChange={setAddress}
        error={problem?.at("/address")}
        isRequired
      />
      <Select
        label={t.reason}
        hint={suppressions.reasonHints[reason]}
        options={REASONS.map((id) => ({ id, label: suppressions.reasons[id] }))}
        value={reason}
        onChange={setReason}
      />
      <TextField label={t.note} hint={t.noteHint} value={note} onChange={setNote} error={problem?.at("/note")} />
      <ProblemNotice error={error} shownAt={["/address", "/note"]} />
      <DialogButtons>
        <Button onPress={onClose}>{common.cancel}</Button>
        <Button kind="primary" type="submit" isPending={isPending}>
          {t.confirm}
        </Button>
      </DialogButtons>
    </Form>
  );
}
