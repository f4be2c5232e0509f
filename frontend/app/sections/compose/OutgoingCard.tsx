import { useEffect, useRef, useState } from "react";
import { isBatch, useSendOrBatch } from "../../api/history";
import { useFormat } from "../../i18n/format";
import { useStrings } from "../../integration/context";
import { Button } from "../../ui/Button";
import { focusIfLost } from "../../ui/focus";
import { Card, Line, Stack } from "../../ui/layout";
import { Link } from "../../ui/Link";
import { useNotices } from "../../ui/notices";
import { ProgressBar } from "../../ui/ProgressBar";
import { Spinner } from "../../ui/Waiting";
import type { Outgoing } from "./keeping";
import { UNDO_SECONDS } from "./sending";
import type { Compose } from "./useCompose";

interface Props {
  compose: Compose;
  outgoing: Outgoing;
  /** The message is in the form again. */
  onBack: () => void;
}

/** A message that the server has: it goes out by itself, whatever becomes of this page, unless it is taken back. */
export function OutgoingCard({ compose, outgoing, onBack }: Props) {
  const t = useStrings().compose;
  const { notify, notifyProblem } = useNotices();
  const { time } = useFormat();
  const left = useSecondsLeft(outgoing.due);
  const [undoing, setUndoing] = useState(false);
  const undo = async () => {
    setUndoing(true);
    try {
      const back = await compose.undo();
      notify({
        tone: back ? "good" : "warn",
        text: back ? (outgoing.scheduled ? t.cancelled : t.undone) : t.tooLate,
        focus: true,
      });
      if (back) onBack();
    } catch (problem) {
      notifyProblem(problem);
    } finally {
      setUndoing(false);
    }
  };
  const next = () => {
    compose.reset();
    onBack();
  };
  const waiting = outgoing.scheduled || left > 0;
  const card = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // "Undo" is gone, or was never there.
    if (!waiting) focusIfLost(card.current?.querySelector("button"));
  }, [waiting]);
  return (
    <Card>
      <div ref={card}>
        <Stack>
          {outgoing.scheduled && <p role="status">{t.scheduled(time(new Date(outgoing.due).toISOString()))}</p>}
          {!outgoing.scheduled && left > 0 && (
            <ProgressBar
              label={t.outgoing(compose.draft.subject || t.noSubject)}
              value={left}
              max={UNDO_SECONDS}
              valueText={t.seconds(left)}
            />
          )}
          {!waiting && <Fate id={outgoing.id} />}
          <Line>
            {waiting && (
              // The button that was pressed is gone; and whoever wants this one has ten seconds.
              // eslint-disable-next-line jsx-a11y/no-autofocus
              <Button kind="primary" autoFocus onPress={() => void (undoing || undo())}>
                {outgoing.scheduled ? t.cancelSchedule : t.undo}
              </Button>
            )}
            <Button onPress={next}>{t.another}</Button>
            <Link to={`/history/${outgoing.id}`}>{t.toHistory}</Link>
          </Line>
        </Stack>
      </div>
    </Card>
  );
}

/** What became of it. */
function Fate({ id }: { id: string }) {
  const t = useStrings().compose;
  const { data } = useSendOrBatch(id);
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 15_000);
    return () => {
      clearTimeout(timer);
    };
  }, []);
  const status = data && !isBatch(data) ? data.status : null;
  if (status === "sent") return <p role="status">{t.sent}</p>;
  if (status === "failed" || status === "cancelled") return <p role="alert">{t.failed}</p>;
  if (late || status === "unknown") return <p role="status">{t.onItsWay}</p>;
  return <Spinner />;
}

/** Whole seconds until then; 0 from then on. */
function useSecondsLeft(due: number): number {
  const count = () => Math.max(0, Math.ceil((due - Date.now()) / 1000));
  const [left, setLeft] = useState(count);
  useEffect(() => {
    const timer = setInterval(() => setLeft(count()), 200);
    return () => {
      clearInterval(timer);
    };
  });
  return Math.min(left, due ? left : 0);
}
