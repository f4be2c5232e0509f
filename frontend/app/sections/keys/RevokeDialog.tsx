import { useRevokeKey, type Key } from "../../api/keys";
import { useStrings } from "../../integration/context";
import { AlertDialog } from "../../ui/Dialog";
import { useNotices } from "../../ui/notices";
import { ProblemNotice } from "../../ui/ProblemNotice";

export function RevokeDialog({ revoking, onClose }: { revoking: Key; onClose: () => void }) {
  const t = useStrings().keys.revoking;
  const { notify } = useNotices();
  const { mutate, isPending, error } = useRevokeKey();
  const revoke = () =>
    mutate(revoking.id, {
      onSuccess: () => {
        onClose();
        notify({ tone: "good", text: t.done(revoking.name), focus: true });
      },
    });
  return (
    <AlertDialog
      title={t.title(revoking.name)}
      onClose={onClose}
      keep={t.keep}
      confirm={t.confirm}
      onConfirm={revoke}
      isPending={isPending}
    >
      <p>{t.text}</p>
      <ProblemNotice error={error} />
    </AlertDialog>
  );
}
