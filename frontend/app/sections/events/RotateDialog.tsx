import { useState } from "react";
import { useRotateSecret, type Endpoint, type NewEndpoint } from "../../api/endpoints";
import { useStrings } from "../../integration/context";
import { AlertDialog } from "../../ui/Dialog";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { Select } from "../../ui/Select";

const OVERLAPS = ["0", "3600", "86400", "604800"] as const; // seconds

interface Props {
  endpoint: Endpoint;
  isOpen: boolean;
  onClose: () => void;
  onMade: (endpoint: NewEndpoint) => void;
}

export function RotateDialog({ endpoint, isOpen, onClose, onMade }: Props) {
  const t = useStrings().events.rotating;
  const { mutate, isPending, error } = useRotateSecret(endpoint.id);
  const [overlap, setOverlap] = useState<(typeof OVERLAPS)[number]>("86400");
  return (
    <AlertDialog
      title={t.title}
      isOpen={isOpen}
      onClose={onClose}
      confirm={t.confirm}
      onConfirm={() => mutate(Number(overlap), { onSuccess: onMade })}
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
