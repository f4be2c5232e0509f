import { useEffect, useRef, useState } from "react";
import type { Account } from "../../api/accounts";
import { useNewestVersion, useTemplates } from "../../api/templates";
import { useStrings } from "../../integration/context";
import { Button } from "../../ui/Button";
import { focusIfLost } from "../../ui/focus";
import { Line, Stack } from "../../ui/layout";
import { Link } from "../../ui/Link";
import { useNotices } from "../../ui/notices";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { ComposeForm } from "./ComposeForm";
import type { Composition } from "./keeping";
import { OutgoingCard } from "./OutgoingCard";
import { useCompose } from "./useCompose";
import styles from "./compose.module.css";

interface Props {
  accounts: Account[];
  start: Composition;
  restored: boolean;
}

export function ComposePage({ accounts, start, restored }: Props) {
  const t = useStrings().compose;
  const { notify } = useNotices();
  const compose = useCompose(start);
  const { draft, phase } = compose;
  const templates = useTemplates("message");
  const published = (templates.data ?? []).filter((one) => one.version !== null);
  const chosen = published.find((one) => one.id === draft.template) ?? null;
  const version = useNewestVersion(chosen);
  // What is being sent right now is not told of as unsent.
  const told = useRef(!restored || phase === "asking");
  // A new form where the message came back, so that its fields show it.
  const [turn, setTurn] = useState(0);
  const page = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (turn) focusIfLost(page.current?.querySelector<HTMLElement>("form button"));
  }, [turn]);
  const askAgain = async () => {
    if (await compose.askAgain()) notify({ tone: "bad", text: t.refused, focus: true });
  };
  useEffect(() => {
    if (told.current) return;
    told.current = true;
    notify({ tone: "calm", text: t.restored });
  }, [notify, t]);
  if (phase === "outgoing" && compose.outgoing) {
    return <OutgoingCard compose={compose} outgoing={compose.outgoing} onBack={() => setTurn(turn + 1)} />;
  }
  const uncertain = phase === "uncertain" || phase === "again";
  return (
    <div ref={page}>
      <Stack>
        {uncertain && (
          <div role="alert" className={styles["uncertain"]}>
            <p>
              <strong>{t.uncertain}</strong>
            </p>
            <p>{t.uncertainNext}</p>
            <p>{t.uncertainOtherwise}</p>
            <Line>
              <Button kind="primary" isPending={phase === "again"} onPress={() => void askAgain()}>
                {t.ask}
              </Button>
              <Link to="/history">{t.lookInHistory}</Link>
              <Button
                kind="plain"
                isDisabled={phase === "again"}
                onPress={() => {
                  compose.giveUp();
                  notify({ tone: "calm", text: t.gaveUp, focus: true });
                }}
              >
                {t.giveUp}
              </Button>
            </Line>
          </div>
        )}
        {uncertain && <ProblemNotice error={compose.error} />}
        <ComposeForm
          key={turn}
          compose={compose}
          accounts={accounts}
          templates={templates.data ? published : null}
          version={draft.kind === "template" ? version : null}
          onReset={() => {
            compose.reset();
            setTurn(turn + 1);
          }}
        />
      </Stack>
    </div>
  );
}
