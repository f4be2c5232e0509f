import { useState } from "react";
import {
  useDeleteEndpoint,
  useReplaceEndpoint,
  useTestEndpoint,
  type DeliveryDetail,
  type Endpoint,
} from "../../api/endpoints";
import { useStrings } from "../../integration/context";
import { useRouting } from "../../integration/routing";
import { Button } from "../../ui/Button";
import { AlertDialog } from "../../ui/Dialog";
import { Menu } from "../../ui/Menu";
import { useNotices } from "../../ui/notices";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { Spinner } from "../../ui/Waiting";
import { EditDialog } from "./EndpointDialog";
import { arrived } from "./health";
import { RotateDialog } from "./RotateDialog";
import styles from "./events.module.css";

type Opened = "edit" | "rotate" | "delete";

export function EndpointActions({ endpoint }: { endpoint: Endpoint }) {
  const t = useStrings().events;
  const { notify, notifyProblem } = useNotices();
  const replace = useReplaceEndpoint(endpoint.id);
  const [opened, setOpened] = useState<Opened | null>(null);
  const close = () => setOpened(null);
  const turn = (enabled: boolean) =>
    replace.mutate(
      { url: endpoint.url, events: endpoint.events, enabled },
      {
        onSuccess: () => notify({ tone: "good", text: enabled ? t.turnedOn : t.nowOff }),
        onError: notifyProblem,
      },
    );
  return (
    <div className={styles.actions}>
      <TestButton id={endpoint.id} />
      <Button onPress={() => setOpened("edit")}>{t.edit}</Button>
      {!endpoint.enabled && (
        <Button isPending={replace.isPending} onPress={() => turn(true)}>
          {t.enableAgain}
        </Button>
      )}
      <Menu
        label={t.more}
        actions={[
          { id: "rotate", label: t.rotate, onAction: () => setOpened("rotate") },
          ...(endpoint.enabled ? [{ id: "disable", label: t.disable, onAction: () => turn(false) }] : []),
          { id: "delete", label: t.delete, tone: "danger", onAction: () => setOpened("delete") },
        ]}
      />
      {opened === "edit" && <EditDialog endpoint={endpoint} onClose={close} />}
      {opened === "rotate" && <RotateDialog endpoint={endpoint} onClose={close} />}
      {opened === "delete" && <DeleteDialog endpoint={endpoint} onClose={close} />}
    </div>
  );
}

function TestButton({ id }: { id: string }) {
  const t = useStrings().events;
  const { notify, notifyProblem } = useNotices();
  const { mutate, isPending } = useTestEndpoint(id);
  const tell = ({ attempts }: DeliveryDetail) => {
    const last = attempts.at(-1);
    if (last?.status_code && arrived(last)) {
      notify({ tone: "good", text: t.tested.good(last.status_code, last.milliseconds) });
    } else {
      const why = last?.status_code ? t.tested.answered(last.status_code) : (last?.detail ?? "");
      notify({ tone: "bad", text: t.tested.bad(why) });
    }
  };
  return (
    <>
      <Button
        kind="primary"
        isPending={isPending}
        onPress={() => mutate(undefined, { onSuccess: tell, onError: notifyProblem })}
      >
        {t.test}
      </Button>
      {isPending && <Spinner>{t.testing}</Spinner>}
    </>
  );
}

function DeleteDialog({ endpoint, onClose }: { endpoint: Endpoint; onClose: () => void }) {
  const t = useStrings().events.deleting;
  const { navigate } = useRouting();
  const { notify } = useNotices();
  const { mutate, isPending, error } = useDeleteEndpoint(endpoint.id);
  const remove = () =>
    mutate(undefined, {
      onSuccess: () => {
        navigate("/events", { replace: true });
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
