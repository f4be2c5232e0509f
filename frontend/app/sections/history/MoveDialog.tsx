import { useState } from "react";
import { useMoveSend } from "../../api/history";
import { ApiProblem } from "../../api/problem";
import { useFormat } from "../../i18n/format";
import { useStrings } from "../../integration/context";
import { Button } from "../../ui/Button";
import { DateTimeField } from "../../ui/DateTimeField";
import { Dialog, DialogButtons } from "../../ui/Dialog";
import { Form } from "../../ui/Form";
import { useNotices } from "../../ui/notices";
import { ProblemNotice } from "../../ui/ProblemNotice";
import type { ActionProps } from "./CancelDialog";
import styles from "./history.module.css";

export function MoveDialog({ send, onClose }: ActionProps) {
  const t = useStrings().history.message.moving;
  return (
    <Dialog title={t.title} onClose={onClose} size="wide">
      <MoveForm send={send} onClose={onClose} />
    </Dialog>
  );
}

function MoveForm({ send, onClose }: ActionProps) {
  const strings = useStrings();
  const t = strings.history.message.moving;
  const { time } = useFormat();
  const { notify } = useNotices();
  const { mutateAsync, isPending, error } = useMoveSend(send.id);
  const [at, setAt] = useState<string | null>(send.next_attempt_at);
  const [isPast, setPast] = useState(false);
  const move = async (to: string, said: string) => {
    await mutateAsync(to, { onSuccess: onClose });
    notify({ tone: "good", text: said });
  };
  // What is refused is shown by `error`.
  const moveNow = () => move(new Date().toISOString(), t.movedNow).catch(() => undefined);
  return (
    <Form
      className={styles.form}
      onSubmit={() => {
        if (!at) return;
        const past = Date.parse(at) <= Date.now(); // it would go out at once
        setPast(past);
        return past ? undefined : move(at, t.moved(time(at)));
      }}
      isPending={isPending}
    >
      <DateTimeField
        label={t.at}
        value={at}
        onChange={(chosen) => {
          setAt(chosen);
          setPast(false);
        }}
        future
        error={isPast ? strings.common.timePassed : error instanceof ApiProblem ? error.at("/send_at") : undefined}
      />
      <ProblemNotice error={error} shownAt={["/send_at"]} />
      <DialogButtons>
        <Button onPress={onClose}>{strings.common.cancel}</Button>
        <Button isPending={isPending} onPress={() => void moveNow()}>
          {t.now}
        </Button>
        <Button kind="primary" type="submit" isPending={isPending} isDisabled={!at}>
          {t.confirm}
        </Button>
      </DialogButtons>
    </Form>
  );
}
