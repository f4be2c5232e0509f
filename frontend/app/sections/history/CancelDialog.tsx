import { useCancelSend, type Send } from "../../api/history";
import { useStrings } from "../../integration/context";
import { AlertDialog } from "../../ui/Dialog";
import { useNotices } from "../../ui/notices";
import { ProblemNotice } from "../../ui/ProblemNotice";

export interface ActionProps {
  send: Send;
  onClose: () => void;
}

export function CancelDialog({ send, onClose }: ActionProps) {
  const { message } = useStrings().history;
  const t = message.cancelling;
  const { notify } = useNotices();
  const { mutate, isPending, error } = useCancelSend(send.id);
  const cancel = () =>
    mutate(undefined, {
      onSuccess: () => {
        onClose();
        // The button is gone: it can't be cancelled any more.
        notify({ tone: "good", text: message.cancelled, focus: true });
      },
    });
  return (
    <AlertDialog
      title={t.title}
      onClose={onClose}
      keep={t.keep}
      confirm={t.confirm}
      onConfirm={cancel}
      isPending={isPending}
    >
      <p>{t.text}</p>
      <ProblemNotice error={error} />
    </AlertDialog>
  );
}
