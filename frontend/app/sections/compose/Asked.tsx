import { useEffect, useEffectEvent, useState } from "react";
import type { Account } from "../../api/accounts";
import { isBatch, useSendOrBatch, type Send } from "../../api/history";
import { useStrings } from "../../integration/context";
import { AlertDialog } from "../../ui/Dialog";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { Skeleton } from "../../ui/Waiting";
import { defaultOf, emptyDraft, isWritten, type Draft } from "./draft";
import { readComposition, type Composition } from "./keeping";

interface Props {
  template: string | null;
  reply: string | null;
  accounts: Account[];
  /** Null: goes on with what is kept. */
  onBegin: (composition: Composition | null) => void;
}

/** A message that the address asks for. It takes the place of another one that is being written only if told to. */
export function Asked({ template, reply, ...props }: Props) {
  if (reply) return <Reply id={reply} {...props} />;
  const draft = emptyDraft(defaultOf(props.accounts));
  return (
    <Begin
      {...props}
      draft={template ? { ...draft, kind: "template", template } : draft}
      isSame={(kept) => !template || (kept.kind === "template" && kept.template === template)}
    />
  );
}

function Reply({ id, ...props }: { id: string } & Omit<Props, "template" | "reply">) {
  const { data, error, refetch } = useSendOrBatch(id);
  if (!data || isBatch(data))
    return error ? <ProblemNotice error={error} onRetry={() => void refetch()} /> : <Skeleton lines={6} />;
  return <Begin {...props} draft={replyTo(data, props.accounts)} isSame={(kept) => kept.inReplyTo?.id === id} />;
}

interface BeginProps extends Omit<Props, "template" | "reply"> {
  draft: Draft;
  /** Whether what was kept is this message already. */
  isSame: (kept: Draft) => boolean;
}

function Begin({ accounts, draft, isSame, onBegin }: BeginProps) {
  const t = useStrings().compose;
  const [kept] = useState(() =>
    readComposition(
      sessionStorage,
      accounts.map(({ id }) => id),
    ),
  );
  // Nothing that is on its way is pushed aside either.
  const goesOn = kept !== null && (isSame(kept.draft) || kept.attempt !== null || kept.outgoing !== null);
  const asks = kept !== null && !goesOn && isWritten(kept.draft);
  const goOn = () => onBegin(null);
  const replace = () => onBegin({ draft, attempt: null, outgoing: null });
  const begin = useEffectEvent(() => (goesOn ? goOn() : replace()));
  useEffect(() => {
    if (!asks) begin();
  }, [asks]);
  if (!asks) return null;
  return (
    <AlertDialog title={t.replaceTitle} onClose={goOn} keep={t.replaceKeep} confirm={t.replace} onConfirm={replace}>
      <p>{t.replaceText(kept.draft.subject || t.noSubject)}</p>
    </AlertDialog>
  );
}

function replyTo(send: Send, accounts: readonly Account[]): Draft {
  const account = accounts.some((one) => one.id === send.account) ? send.account : defaultOf(accounts);
  return {
    ...emptyDraft(account),
    to: send.to.map(written),
    cc: send.cc.map(written),
    inReplyTo: { id: send.id, subject: send.subject },
  };
}

function written({ email, name }: { email: string; name?: string | null }): string {
  return name ? `"${name.replaceAll('"', "'")}" <${email}>` : email;
}
