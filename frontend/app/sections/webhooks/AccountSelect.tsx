import { useAccounts } from "../../api/accounts";
import { useStrings } from "../../integration/context";
import { Select } from "../../ui/Select";

interface Props {
  value: string;
  onChange: (account: string) => void;
  error: string | undefined;
}

/** The account that sends; "" is the one that is the default when the trigger is saved. */
export function AccountSelect({ value, onChange, error }: Props) {
  const t = useStrings().webhooks.editor;
  const { data: accounts = [] } = useAccounts();
  const known = accounts.map(({ id, email }) => ({ id, label: email }));
  // One that was disconnected is not listed any more.
  const gone = value && !known.some(({ id }) => id === value) ? [{ id: value, label: value }] : [];
  return (
    <Select
      label={t.account}
      options={[{ id: "", label: t.accountDefault }, ...known, ...gone]}
      value={value}
      onChange={onChange}
      error={error}
    />
  );
}
