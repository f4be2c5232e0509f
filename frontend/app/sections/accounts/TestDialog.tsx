import { useState } from "react";
import { useSend, type Account } from "../../api/accounts";
import { ApiProblem } from "../../api/problem";
import { useStrings } from "../../integration/context";
import { Button } from "../../ui/Button";
import { Dialog, DialogButtons } from "../../ui/Dialog";
import { Form } from "../../ui/Form";
import { useNotices } from "../../ui/notices";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { TextField } from "../../ui/TextField";
import styles from "./accounts.module.css";

interface Props {
  account: Account;
  onClose: () => void;
}

export function TestDialog({ account, onClose }: Props) {
  const t = useStrings().accounts.testing;
  return (
    <Dialog title={t.title(account.email)} onClose={onClose}>
      <TestForm account={account} onClose={onClose} />
    </Dialog>
  );
}

function TestForm({ account, onClose }: Props) {
  const { common, accounts } = useStrings();
  const t = accounts.testing;
  const { notify } = useNotices();
  const { mutateAsync, isPending, error } = useSend();
  const [to, setTo] = useState(account.email);
  const wrong = error instanceof ApiProblem ? error.at("/to") : undefined;
  const send = async () => {
    const message = { account: account.id, to: [to.trim()], subject: t.subject, text: t.text(account.email) };
    const receipt = await mutateAsync(message, { onSuccess: onClose });
    const sent = "status" in receipt && receipt.status === "sent";
    notify({ tone: sent ? "good" : "warn", text: sent ? t.sent(to) : t.accepted(to) });
  };
  return (
    <Form className={styles.form} onSubmit={send}>
      <TextField label={t.to} hint={t.toHint} type="email" value={to} onChange={setTo} error={wrong} isRequired />
      <ProblemNotice error={error} shownAt={["/to"]} />
      <DialogButtons>
        <Button onPress={onClose}>{common.cancel}</Button>
        <Button kind="primary" type="submit" isPending={isPending}>
          {t.send}
        </Button>
      </DialogButtons>
    </Form>
  );
}
