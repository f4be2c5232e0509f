import { useState } from "react";
import { useRotateSecret, type Endpoint } from "../../api/endpoints";
import { useStrings } from "../../integration/context";
import { useShowOnce } from "../../integration/shownOnce";
import { useAskBeforeLeaving } from "../../integration/unsaved";
import { AlertDialog } from "../../ui/Dialog";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { Select } from "../../ui/Select";
import { SecretDialog } from "./SecretDialog";

const OVERLAPS = ["0", "3600", "86400", "604800"] as const; // seconds

interface Props {
  endpoint: Endpoint;
  onClose: () => void;
}

export function RotateDialog({ endpoint, onClose }: Props) {
  const t = useStrings().events.rotating;
  const showOnce = useShowOnce();
  const { mutateAsync, isPending, error } = useRotateSecret(endpoint.id);
  const [overlap, setOverlap] = useState<(typeof OVERLAPS)[number]>("86400");
  useAskBeforeLeaving(isPending);
  const rotate = async () => {
    const made = await mutateAsync(Number(overlap), { onSuccess: onClose });
    showOnce((close) => <SecretDialog endpoint={made} onClose={close} />);
  };
  return (
    <AlertDialog
      title={t.title}

      onClose={onClose}
      confirm={t.confirm}
      onConfirm={() => void rotate().catch(() => undefined)}
      isPending={isPending}
    >
      <p>{t.text}</p>
      <Select
        label={t.overlap}
        options={OVERLAPS.map((id) => ({ id, label: t.overlaps[id] }))}
        value={overlap}
        onChange={setOverlap}
      />
      <ProblemNotice error={error} />
    </AlertDialog>
  );
}
