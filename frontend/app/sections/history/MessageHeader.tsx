import { useState } from "react";
import type { SendDetail } from "../../api/history";
import { useStrings } from "../../integration/context";
import { useRouting } from "../../integration/routing";
import { Button } from "../../ui/Button";
import { CancelDialog } from "./CancelDialog";
import { StatusBadge } from "./cells";
import { MoveDialog } from "./MoveDialog";
import { ResendDialog } from "./ResendDialog";
import { may } from "./states";
import styles from "./history.module.css";

type Opened = "cancel" | "move" | "resend";

/** What it is, how it stands, and what can be done about it. */
export function MessageHeader({ send }: { send: SendDetail }) {
  const { history } = useStrings();
  const t = history.message;
  const { navigate } = useRouting();
  const [opened, setOpened] = useState<Opened | null>(null);
  const close = () => setOpened(null);
  const can = may(send);
  const isLost = send.status === "unknown" && !send.next_attempt_at && !send.resent_as;
  return (
    <header className={styles.block}>
      <div className={styles.title}>
        <h2>{send.subject || history.noSubject}</h2>
        <StatusBadge status={send.status} />
      </div>
      <p>{isLost ? t.unknown : send.explanation}</p>
      <div className={styles.actions}>
        {can.reply && (
          <Button kind="primary" onPress={() => navigate(`/compose?reply=${send.id}`)}>
            {t.reply}
          </Button>
        )}
        {can.move && <Button onPress={() => setOpened("move")}>{t.move}</Button>}
        {can.cancel && <Button onPress={() => setOpened("cancel")}>{t.cancel}</Button>}
        {can.resend && <Button onPress={() => setOpened("resend")}>{t.resend}</Button>}
      </div>
      {opened === "cancel" && <CancelDialog send={send} onClose={close} />}
      {opened === "move" && <MoveDialog send={send} onClose={close} />}
      {opened === "resend" && <ResendDialog send={send} onClose={close} />}
    </header>
  );
}
