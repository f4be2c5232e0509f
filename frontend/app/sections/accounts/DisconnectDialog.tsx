import { useDisconnectAccount, useWaitingSends, type Account } from "../../api/accounts";
import { useStrings } from "../../integration/context";
import { AlertDialog } from "../../ui/Dialog";
import { useNotices } from "../../ui/notices";
import { ProblemNotice } from "../../ui/ProblemNotice";

interface Props {
  account: Account;
  onClose: () => void;
}

export function DisconnectDialog({ account, onClose }: Props) {
  const t = useStrings().accounts.disconnecting;
  const { notify } = useNotices();
  const { mutateAsync, isPending, error } = useDisconnectAccount();
  // Awaited: callbacks given to `mutate` are not called once the card, and this with it, is gone.
  const disconnect = async () => {
    try {
      await mutateAsync(account.id);
    } catch {
      return; // `error` says it
    }
    onClose();
    notify({ tone: "good", text: t.done(account.email), focus: true });
  };
  return (
    <AlertDialog
      title={t.title(account.email)}
      onClose={onClose}
      keep={t.keep}
      confirm={t.confirm}
      onConfirm={disconnect}
      isPending={isPending}
    >
      <p>{t.text}</p>
      <Waiting account={account.id} />
      <ProblemNotice error={error} />
    </AlertDialog>
  );
}

function Waiting({ account }: { account: string }) {
  const t = useStrings().accounts.disconnecting;
  const { data, isPending } = useWaitingSends(account);
  if (isPending) return <p role="status">{t.counting}</p>;
  return <p>{data === undefined ? t.uncounted : t.cancels(data)}</p>;
}
