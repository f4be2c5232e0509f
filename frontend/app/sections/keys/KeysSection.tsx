import { useState } from "react";
import { useKeys, type Key } from "../../api/keys";
import { ApiProblem } from "../../api/problem";
import { useStrings } from "../../integration/context";
import { Button } from "../../ui/Button";
import { EmptyState } from "../../ui/EmptyState";
import { Endless } from "../../ui/Endless";
import { SectionHeader, Stack } from "../../ui/layout";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { Skeleton } from "../../ui/Waiting";
import { CreateDialog } from "./CreateDialog";
import { KeysTable } from "./KeysTable";
import { RevokeDialog } from "./RevokeDialog";

/** The API keys: make, look, revoke. */
export default function KeysSection() {
  const t = useStrings().keys;
  const list = useKeys();
  const [isOpen, setOpen] = useState(false);
  const [revoking, setRevoking] = useState<Key | null>(null);
  const rows = list.data?.pages.flatMap((page) => page.keys) ?? [];
  const isForbidden = list.error instanceof ApiProblem && list.error.code === "forbidden";
  return (
    <div aria-busy={list.isPending}>
      <SectionHeader title={t.title} lead={t.lead}>
        {!isForbidden && (
          <Button kind="primary" onPress={() => setOpen(true)}>
            {t.create}
          </Button>
        )}
      </SectionHeader>
      <Stack>
        {isForbidden ? (
          <EmptyState title={t.forbidden}>{t.forbiddenNext}</EmptyState>
        ) : (
          <ProblemNotice error={list.error} onRetry={() => void list.refetch()} />
        )}
        {list.isPending && <Skeleton lines={4} />}
        {list.data && !rows.length && <EmptyState title={t.empty}>{t.emptyNext}</EmptyState>}
        {rows.length > 0 && <KeysTable rows={rows} onRevoke={setRevoking} />}
        <Endless {...list} />
      </Stack>
      {isOpen && <CreateDialog onClose={() => setOpen(false)} />}
      {revoking && <RevokeDialog revoking={revoking} onClose={() => setRevoking(null)} />}
    </div>
  );
}
