import { useState } from "react";
import { useAccounts } from "../../api/accounts";
import { useCreateKey, type KeyScope } from "../../api/keys";
import { ApiProblem } from "../../api/problem";
import { useStrings } from "../../integration/context";
import { useShowOnce } from "../../integration/shownOnce";
import { useAskBeforeLeaving } from "../../integration/unsaved";
import { Button } from "../../ui/Button";
import { Switch } from "../../ui/Checkbox";
import { CheckboxGroup } from "../../ui/CheckboxGroup";
import { DateTimeField } from "../../ui/DateTimeField";
import { Dialog, DialogButtons } from "../../ui/Dialog";
import { Form } from "../../ui/Form";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { Select } from "../../ui/Select";
import { TextField } from "../../ui/TextField";
import { EXPIRIES, expiresAt, type Expiry } from "./expiry";
import { NewKeyDialog } from "./NewKeyDialog";
import styles from "./keys.module.css";

const SCOPES = ["send", "read", "manage"] as const;

/** It stays until the answer is there: that has the key, this once. */
export function CreateDialog({ onClose }: { onClose: () => void }) {
  const { common, keys } = useStrings();
  const t = keys.creating;
  const showOnce = useShowOnce();
  const { mutateAsync, isPending, error } = useCreateKey();
  useAskBeforeLeaving(isPending);
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<KeyScope[]>(["send"]);
  const [accounts, setAccounts] = useState<string[] | null>(null);
  const [expiry, setExpiry] = useState<Expiry>("never");
  const [at, setAt] = useState<string | null>(null);
  const [isChecked, setChecked] = useState(false);
  const problem = error instanceof ApiProblem ? error : null;
  const isIncomplete = !scopes.length || accounts?.length === 0 || (expiry === "at" && !at);
  const create = async () => {
    setChecked(true);
    if (isIncomplete) return;
    const expires_at = expiresAt(expiry, at, new Date());
    const made = await mutateAsync({ name: name.trim(), scopes, accounts, expires_at }, { onSuccess: onClose });
    showOnce((close) => <NewKeyDialog made={made} onClose={close} />);
  };
  return (
    <Dialog title={t.title} onClose={onClose} stays={isPending}>
      <Form className={styles.form} onSubmit={create}>
        <TextField
          label={t.name}
          hint={t.nameHint}
          value={name}
          onChange={setName}
          maxLength={100}
          error={problem?.at("/name")}
          isRequired
        />
        <CheckboxGroup
          label={t.scopes}
          options={SCOPES.map((id) => ({ id, label: keys.scopes[id], hint: keys.scopeHints[id] }))}
          value={scopes}
          onChange={setScopes}
          error={isChecked && !scopes.length ? t.scopesMissing : problem?.at("/scopes")}
        />
        <AccountsChoice
          value={accounts}
          onChange={setAccounts}
          isChecked={isChecked}
          error={problem?.at("/accounts")}
        />
        <Select
          label={t.expires}
          options={EXPIRIES.map((id) => ({ id, label: t.expiries[id] }))}
          value={expiry}
          onChange={setExpiry}
        />
        {expiry === "at" && (
          <DateTimeField label={t.at} value={at} onChange={setAt} future error={problem?.at("/expires_at")} />
        )}
        <ProblemNotice error={error} shownAt={["/name", "/scopes", "/accounts", "/expires_at"]} />
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

/** Null for all accounts, those that come later among them. */
function AccountsChoice(props: {
  value: readonly string[] | null;
  onChange: (value: string[] | null) => void;
  isChecked: boolean;
  error: string | undefined;
}) {
  const t = useStrings().keys.creating;
  const { data: accounts } = useAccounts();
  const { value, onChange, isChecked, error } = props;
  if (!accounts?.length) return null;
  return (
    <div>
      <Switch isSelected={value !== null} onChange={(limited) => onChange(limited ? [] : null)}>
        {t.limit}
      </Switch>
      {value && (
        <CheckboxGroup
          label={t.accounts}
          hint={t.limitHint}
          options={accounts.map(({ id, email }) => ({ id, label: email }))}
          value={value}
          onChange={onChange}
          error={isChecked && !value.length ? t.accountsMissing : error}
        />
      )}
    </div>
  );
}
