import { useEffect, useState } from "react";
import { useAccounts, type Account } from "../../api/accounts";
import { useStrings } from "../../integration/context";
import { useRouting } from "../../integration/routing";
import { Button } from "../../ui/Button";
import { EmptyState } from "../../ui/EmptyState";
import { SectionHeader } from "../../ui/layout";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { Skeleton } from "../../ui/Waiting";
import { Asked } from "./Asked";
import { ComposePage } from "./ComposePage";
import { defaultOf, emptyDraft } from "./draft";
import { readComposition, type Composition } from "./keeping";

/** "/compose", "/compose?template=tpl_…", and "/compose?reply=snd_…": in the thread of a message that was sent. */
export default function ComposeSection() {
  const strings = useStrings();
  const t = strings.compose;
  const { navigate } = useRouting();
  const { data: accounts, error, refetch } = useAccounts();
  return (
    <div aria-busy={!accounts && !error}>
      <SectionHeader title={t.title} lead={t.lead} />
      <ProblemNotice error={error} onRetry={() => void refetch()} />
      {!accounts && !error && <Skeleton lines={6} />}
      {accounts && !accounts.length && (
        <EmptyState title={t.noAccount} action={<Button onPress={() => navigate("/accounts")}>{t.toAccounts}</Button>}>
          {t.noAccountNext}
        </EmptyState>
      )}
      {accounts && accounts.length > 0 && <Writing accounts={accounts} />}
    </div>
  );
}

/** What is written: what this tab has kept, or what the address asks for. */
function Writing({ accounts }: { accounts: Account[] }) {
  const { route, navigate } = useRouting();
  const template = route.query.get("template");
  const reply = route.query.get("reply");
  const [begun, setBegun] = useState<Composition | null>(null);
  if (template !== null || reply !== null) {
    return (
      <Asked
        key={`${template ?? ""} ${reply ?? ""}`}
        template={template}
        reply={reply}
        accounts={accounts}
        onBegin={(composition) => {
          setBegun(composition);
          // Once it is begun, the address asks for it no more: a reload goes on with what was kept.
          navigate("/compose", { replace: true });
        }}
      />
    );
  }
  return <Begun accounts={accounts} begun={begun} onGone={setBegun} />;
}

interface BegunProps {
  accounts: Account[];
  begun: Composition | null;
  onGone: (none: null) => void;
}

/** The page with what was just begun, or with what is kept when it opens. */
function Begun({ accounts, begun, onGone }: BegunProps) {
  const [{ composition, restored }] = useState(() =>
    begun ? { composition: begun, restored: false } : started(accounts),
  );
  // By the time that the page opens again, more has been written than was begun.
  useEffect(() => () => onGone(null), [onGone]);
  return <ComposePage accounts={accounts} start={composition} restored={restored} />;
}

function started(accounts: readonly Account[]): { composition: Composition; restored: boolean } {
  const kept = readComposition(
    sessionStorage,
    accounts.map(({ id }) => id),
  );
  if (kept) return { composition: kept, restored: !kept.outgoing };
  return { composition: { draft: emptyDraft(defaultOf(accounts)), attempt: null, outgoing: null }, restored: false };
}
