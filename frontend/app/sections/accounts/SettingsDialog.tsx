import { useState } from "react";
import { useChangeAccount, type Account } from "../../api/accounts";
import { ApiProblem } from "../../api/problem";
import { useStrings } from "../../integration/context";
import { Button } from "../../ui/Button";
import { Switch } from "../../ui/Checkbox";
import { Dialog, DialogButtons } from "../../ui/Dialog";
import { Form } from "../../ui/Form";
import { Soft } from "../../ui/layout";
import { useNotices } from "../../ui/notices";
import { NumberField } from "../../ui/NumberField";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { TextField } from "../../ui/TextField";
import styles from "./accounts.module.css";

interface Props {
  account: Account;
  onClose: () => void;
}

export function SettingsDialog({ account, onClose }: Props) {
  const t = useStrings().accounts.editing;
  return (
    <Dialog title={t.title(account.email)} onClose={onClose}>
      <SettingsForm account={account} onClose={onClose} />
    </Dialog>
  );
}

function SettingsForm({ account, onClose }: Props) {
  const { common, accounts } = useStrings();
  const t = accounts.editing;
  const { notify } = useNotices();
  const { mutateAsync, isPending, error } = useChangeAccount(account.id);
  const [name, setName] = useState(account.name);
  const [limit, setLimit] = useState(account.daily_limit);
  const [tracking, setTracking] = useState(account.tracking);
  const problem = error instanceof ApiProblem ? error : null;
  const save = async () => {
    const change = { ...(name === account.name ? {} : { name }), daily_limit: limit, tracking };
    await mutateAsync(change, { onSuccess: onClose });
    notify({ tone: "good", text: t.saved(account.email) });
  };
  return (
    <Form className={styles.form} onSubmit={save}>
      <TextField label={t.name} hint={t.nameHint} value={name} onChange={setName} error={problem?.at("/name")} />
      <NumberField
        label={t.limit}
        hint={t.limitHint}
        value={limit}
        onChange={setLimit}
        minValue={1}
        maxValue={2000}
        error={problem?.at("/daily_limit")}
      />
      <div>
        <Switch isSelected={tracking.opens} onChange={(opens) => setTracking({ ...tracking, opens })}>
          {t.trackOpens}
        </Switch>
        <Switch isSelected={tracking.clicks} onChange={(clicks) => setTracking({ ...tracking, clicks })}>
          {t.trackClicks}
        </Switch>
        <Soft>{t.trackingHint}</Soft>
      </div>
      <ProblemNotice error={error} shownAt={["/name", "/daily_limit"]} />
      <DialogButtons>
        <Button onPress={onClose}>{common.cancel}</Button>
        <Button kind="primary" type="submit" isPending={isPending}>
          {common.save}
        </Button>
      </DialogButtons>
    </Form>
  );
}
