import { useResend } from "../../api/history";
import { useStrings } from "../../integration/context";
import { useRouting } from "../../integration/routing";
import { AlertDialog } from "../../ui/Dialog";
import { useNotices } from "../../ui/notices";
import { ProblemNotice } from "../../ui/ProblemNotice";
import type { ActionProps } from "./CancelDialog";

/** Says first what sending it again means, which depends on what became of it. */
export function ResendDialog({ send, onClose }: ActionProps) {
  const { message } = useStrings().history;
  const t = message.resending;
  const { navigate } = useRouting();
  const { notify } = useNotices();
  const { mutate, isPending, error } = useResend(send.id);
  const resend = () =>
    mutate(undefined, {
      onSuccess: (fresh) => {
        onClose();
        const action = { label: message.showNew, onPress: () => navigate(`/history/${fresh.id}`) };
        notify({ tone: "good", text: message.resent, action, focus: true });
      },
    });
  const { status } = send;
  const warning = status === "sent" || status === "failed" || status === "cancelled" ? t[status] : t.unknown;
  return (
    <AlertDialog title={t.title} onClose={onClose} confirm={t.confirm} onConfirm={resend} isPending={isPending}>
      <p>{warning}</p>
      <ProblemNotice error={error} />
    </AlertDialog>
  );
}
