import { useState } from "react";
import { useDeleteTrigger, useReplaceTrigger, type Trigger } from "../../api/triggers";
import { useStrings } from "../../integration/context";
import { useRouting } from "../../integration/routing";
import { Button } from "../../ui/Button";
import { AlertDialog } from "../../ui/Dialog";
import { Line } from "../../ui/layout";
import { Menu } from "../../ui/Menu";
import { useNotices } from "../../ui/notices";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { draftOf, requestOf } from "./draft";
import { RotateDialog } from "./RotateDialog";

export function TriggerActions({ trigger }: { trigger: Trigger }) {
  const t = useStrings().webhooks;
  const { navigate } = useRouting();
  const { notify, notifyProblem } = useNotices();
  const replace = useReplaceTrigger(trigger.id);
  const [opened, setOpened] = useState<"rotate" | "delete" | null>(null);
  const close = () => setOpened(null);
  const turn = (enabled: boolean) =>
    replace.mutate(requestOf({ ...draftOf(trigger), enabled }), {
      onSuccess: () => notify({ tone: "good", text: enabled ? t.isOn : t.isOff }),
      onError: notifyProblem,
    });
  return (
    <Line>
      <Button kind="primary" onPress={() => navigate(`/webhooks/${trigger.id}/test`)}>
        {t.test}
      </Button>
      <Button onPress={() => navigate(`/webhooks/${trigger.id}/edit`)}>{t.edit}</Button>
      {!trigger.enabled && (
        <Button isPending={replace.isPending} onPress={() => turn(true)}>
          {t.turnOn}
        </Button>
      )}
      <Menu
        label={t.more}
        actions={[
          { id: "rotate", label: t.rotate, onAction: () => setOpened("rotate") },
          ...(trigger.enabled ? [{ id: "off", label: t.turnOff, onAction: () => turn(false) }] : []),
          { id: "delete", label: t.delete, tone: "danger", onAction: () => setOpened("delete") },
        ]}
      />
      {opened === "rotate" && <RotateDialog trigger={trigger} onClose={close} />}
      {opened === "delete" && <DeleteDialog trigger={trigger} onClose={close} />}
    </Line>
  );
}

function DeleteDialog({ trigger, onClose }: { trigger: Trigger; onClose: () => void }) {
  const t = useStrings().webhooks.deleting;
  const { navigate } = useRouting();
  const { notify } = useNotices();
  const { mutate, isPending, error } = useDeleteTrigger(trigger.id);
  const remove = () =>
    mutate(undefined, {
      onSuccess: () => {
        navigate("/webhooks", { replace: true });
        notify({ tone: "good", text: t.done, focus: true });
      },
    });
  return (
    <AlertDialog
      title={t.title}
      onClose={onClose}
      keep={t.keep}
      confirm={t.confirm}
      onConfirm={remove}
      isPending={isPending}
    >
      <p>{t.text}</p>
      <ProblemNotice error={error} />
    </AlertDialog>
  );
}
