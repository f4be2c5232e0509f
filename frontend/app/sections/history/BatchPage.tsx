import { useState } from "react";
import { isBatch, useCancelSend, useSends, type Batch } from "../../api/history";
import { useFormat } from "../../i18n/format";
import { useStrings } from "../../integration/context";
import { Button } from "../../ui/Button";
import { AlertDialog } from "../../ui/Dialog";
import { Endless } from "../../ui/Endless";
import { SectionHeader, Stack } from "../../ui/layout";
import { useNotices } from "../../ui/notices";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { ProgressBar } from "../../ui/ProgressBar";
import { STATUSES } from "./filters";
import { SendsTable } from "./SendsTable";
import { Tiles } from "./Tiles";

/** How the messages of a batch stand. */
export function BatchPage({ batch }: { batch: Batch }) {
  const { history } = useStrings();
  const t = history.batch;
  const { time, number } = useFormat();
  const [isOpen, setOpen] = useState(false);
  const sends = useSends({ batch: batch.batch });
  const rows = sends.data?.pages.flatMap((page) => page.sends) ?? [];
  const of = (status: string) => batch.counts[status] ?? 0;
  const waiting = of("scheduled") + of("queued");
  const done = batch.total - waiting - of("sending");
  return (
    <>
      <SectionHeader title={t.title} lead={t.made(time(batch.created_at))}>
        {waiting > 0 && <Button onPress={() => setOpen(true)}>{t.cancel}</Button>}
      </SectionHeader>
      <Stack>
        <ProgressBar
          label={t.progress}
          value={done}
          max={batch.total}
          valueText={t.progressOf(number(done), number(batch.total))}
        />
        <Tiles
          label={t.title}
          items={STATUSES.filter((status) => of(status) > 0).map((status) => ({
            name: history.statuses[status],
            value: of(status),
          }))}
        />
        <ProblemNotice error={sends.error} onRetry={() => void sends.refetch()} />
        {rows.length > 0 && <SendsTable rows={rows} />}
        <Endless {...sends} />
      </Stack>
      {isOpen && <CancelBatch id={batch.batch} onClose={() => setOpen(false)} />}
    </>
  );
}

function CancelBatch({ id, onClose }: { id: string; onClose: () => void }) {
  const { cancelled, cancelling: t } = useStrings().history.batch;
  const { notify } = useNotices();
  const { mutate, isPending, error } = useCancelSend(id);
  const cancel = () =>
    mutate(undefined, {
      onSuccess: (found) => {
        onClose();
        notify({ tone: "good", text: cancelled(isBatch(found) ? (found.cancelled ?? 0) : 1), focus: true });
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
