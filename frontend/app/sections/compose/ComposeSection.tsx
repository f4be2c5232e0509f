import { useState } from "react";
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
  const asked = template !== null || reply !== null;
  const [begun, setBegun] = useState(() => (asked ? null : { ...started(accounts), turn: 0 }));
  if (asked) {
    return (
      <Asked
        key={`${template ?? ""} ${reply ?? ""}`}
        template={template}
        reply={reply}
        accounts={accounts}
        onBegin={(composition, restored) => {
          setBegun({ composition, restored, turn: (begun?.turn ?? 0) + 1 });
          // Once it is begun, the address asks for it no more: a reload goes on with what was kept.
          navigate("/compose", { replace: true });
        }}
      />
    );
  }
  if (!begun) return null;
  return <ComposePage key={begun.turn} accounts={accounts} start={begun.composition} restored={begun.restored} />;
}

function started(accounts: readonly Account[]): { composition: Composition; restored: boolean } {
  const kept = readComposition(
    sessionStorage,
    accounts.map(({ id }) => id),
  );
  if (kept) return { composition: kept, restored: !kept.outgoing };
  return { composition: { draft: emptyDraft(defaultOf(accounts)), attempt: null, outgoing: null }, restored: false };
}
