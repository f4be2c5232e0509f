import { useAccounts } from "../../api/accounts";
import { useConnect } from "../../integration/connect";
import { useStrings } from "../../integration/context";
import { Button } from "../../ui/Button";
import { EmptyState } from "../../ui/EmptyState";
import { SectionHeader, Stack } from "../../ui/layout";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { Skeleton } from "../../ui/Waiting";
import { AccountCard } from "./AccountCard";

/** The connected accounts: connect, look after, disconnect. */
export default function AccountsSection() {
  const t = useStrings().accounts;
  const { data: accounts, error, refetch } = useAccounts();
  const { connect, isConnecting } = useConnect();
  return (
    <div aria-busy={!accounts && !error}>
      <SectionHeader title={t.title} lead={t.lead}>
        <Button kind="primary" isPending={isConnecting} onPress={() => connect()}>
          {t.connect}
        </Button>
      </SectionHeader>
      <Stack>
        <ProblemNotice error={error} onRetry={() => void refetch()} />
        {!accounts && !error && <Skeleton lines={4} />}
        {accounts?.length === 0 && <EmptyState title={t.empty}>{t.emptyNext}</EmptyState>}
        {accounts && accounts.length > 0 && (
          <Stack>
            {accounts.map((account) => (
              <AccountCard key={account.id} account={account} />
            ))}
          </Stack>
        )}
      </Stack>
    </div>
  );
}
