import { useRemoveSuppression, type Suppression } from "../../api/suppressions";
import { useStrings } from "../../integration/context";
import { AlertDialog } from "../../ui/Dialog";
import { useNotices } from "../../ui/notices";
import { ProblemNotice } from "../../ui/ProblemNotice";

export function RemoveDialog({ suppression, onClose }: { suppression: Suppression; onClose: () => void }) {
  const t = useStrings().suppressions.removing;
  const { notify } = useNotices();
  const { mutate, isPending, error } = useRemoveSuppression();
  const { address, id, reasons } = suppression;
  const remove = () =>
    mutate(id, {
      onSuccess: () => {
        onClose();
        notify({ tone: "good", text: t.removed(address), focus: true });
      },
    });
  return (
    <AlertDialog
      title={t.title(address)}
      onClose={onClose}
      keep={t.keep}
      confirm={t.confirm}
      onConfirm={remove}
      isPending={isPending}
    >
      <p>{t.text}</p>
      {reasons.includes("unsubscribed") && <p>{t.unsubscribed}</p>}
      {reasons.includes("hard_bounce") && <p>{t.hard_bounce}</p>}
      <ProblemNotice error={error} />
    </AlertDialog>
  );
}
