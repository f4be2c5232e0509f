import { useState } from "react";
import { useAccounts, type Account } from "../../api/accounts";
import { isBatch, useSendOrBatch } from "../../api/history";
import { useStrings } from "../../integration/context";
import { useRouting } from "../../integration/routing";
import { Button } from "../../ui/Button";
import { EmptyState } from "../../ui/EmptyState";
import { SectionHeader } from "../../ui/layout";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { Skeleton } from "../../ui/Waiting";
import { ComposePage } from "./ComposePage";
import { emptyDraft } from "./draft";
import { readComposition, type Composition } from "./keeping";

/** "/compose", "/compose?template=tpl_…", and "/compose?reply=snd_…": in the thread of a message that was sent. */
export default function ComposeSection() {
  const strings = useStrings();
  const t = strings.compose;
  const { route, navigate } = useRouting();
  const { data: accounts, error, refetch } = useAccounts();
  const reply = route.query.get("reply");
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
      {accounts &&
        accounts.length > 0 &&
        (reply ? (
          <Reply key={reply} id={reply} accounts={accounts} />
        ) : (
          <Start key={route.query.get("template") ?? ""} accounts={accounts} template={route.query.get("template")} />
        ))}
    </div>
  );
}

function defaultOf(accounts: readonly Account[]): string {
  return (accounts.find((one) => one.is_default) ?? accounts[0])?.id ?? "";
}

function Start({ accounts, template }: { accounts: Account[]; template: string | null }) {
  const [start] = useState<{ composition: Composition; restored: boolean }>(() => {
    const kept = readComposition(
      sessionStorage,
      accounts.map(({ id }) => id),
    );
    if (kept && (!template || kept.attempt || kept.outgoing)) return { composition: kept, restored: !kept.outgoing };
    const draft = emptyDraft(defaultOf(accounts));
    return {
      composition: {
        draft: template ? { ...draft, kind: "template", template } : draft,
        attempt: null,
        outgoing: null,
      },
      restored: false,
    };
  });
  return <ComposePage accounts={accounts} start={start.composition} restored={start.restored} />;
}

function Reply({ id, accounts }: { id: string; accounts: Account[] }) {
  const { data, error, refetch } = useSendOrBatch(id);
  if (!data || isBatch(data))
    return error ? <ProblemNotice error={error} onRetry={() => void refetch()} /> : <Skeleton lines={6} />;
  const kept = readComposition(
    sessionStorage,
    accounts.map((one) => one.id),
  );
  // The same reply goes on; and nothing that is on its way is pushed aside.
  if (kept && (kept.draft.inReplyTo?.id === id || kept.attempt || kept.outgoing)) {
    return <ComposePage accounts={accounts} start={kept} restored={!kept.outgoing} />;
  }
  const account = accounts.some((one) => one.id === data.account) ? data.account : defaultOf(accounts);
  const draft = {
    ...emptyDraft(account),
    to: data.to.map(written),
    cc: data.cc.map(written),
    inReplyTo: { id, subject: data.subject },
  };
  return <ComposePage accounts={accounts} start={{ draft, attempt: null, outgoing: null }} restored={false} />;
}

function written({ email, name }: { email: string; name?: string | null }): string {
  return name ? `"${name.replaceAll('"', "'")}" <${email}>` : email;
}
