import { Suspense, useState } from "react";
import { useAccount, useChangeAccount, type Account } from "../../api/accounts";
import { useFormat } from "../../i18n/format";
import { useConnect } from "../../integration/connect";
import { useStrings } from "../../integration/context";
import { Badge } from "../../ui/Badge";
import { Button } from "../../ui/Button";
import { Card, Soft } from "../../ui/layout";
import { Menu } from "../../ui/Menu";
import { useNotices } from "../../ui/notices";
import { onDemand } from "../../ui/onDemand";
import { Meter } from "../../ui/ProgressBar";
import { useSoon } from "../../ui/soon";
import { Skeleton } from "../../ui/Waiting";
import type { Opened } from "./AccountDialogs";
import styles from "./accounts.module.css";

const { Component: AccountDialogs, load } = onDemand(() => import("./AccountDialogs"));

export function AccountCard({ account }: { account: Account }) {
  const t = useStrings().accounts;
  const { notify, notifyProblem } = useNotices();
  const { connect, isConnecting } = useConnect();
  const change = useChangeAccount(account.id);
  const [opened, setOpened] = useState<Opened | null>(null);
  useSoon(load);
  const named = (action: string) => t.withEmail(action, account.email);
  const canSend = account.status === "connected" && account.capabilities.send;

  const makeDefault = () =>
    change.mutate(
      { is_default: true },
      { onSuccess: () => notify({ tone: "good", text: t.madeDefault(account.email) }), onError: notifyProblem },
    );
  return (
    <Card label={account.email}>
      <div className={styles.top}>
        <Summary account={account} />
        <div className={styles.buttons}>
          {account.problem && (
            <Button
              kind="primary"
              aria-label={named(t.reconnect)}
              isPending={isConnecting}
              onPress={() => connect(account.email)}
            >
              {t.reconnect}
            </Button>
          )}
          {canSend && (
            <Button aria-label={named(t.sendTest)} onPress={() => setOpened("test")}>
              {t.sendTest}
            </Button>
          )}
          <Menu
            label={t.moreActions(account.email)}
            actions={[
              ...(account.is_default ? [] : [{ id: "default", label: t.makeDefault, onAction: makeDefault }]),
              { id: "settings", label: t.edit, onAction: () => setOpened("settings") },
              { id: "disconnect", label: t.disconnect, tone: "danger", onAction: () => setOpened("disconnect") },
            ]}
          />
        </div>
      </div>
      <Details account={account} />
      {opened && (
        <Suspense>
          <AccountDialogs account={account} opened={opened} onClose={() => setOpened(null)} />
        </Suspense>
      )}
    </Card>
  );
}

function Summary({ account }: { account: Account }) {
  const t = useStrings().accounts;
  const { brief, time } = useFormat();
  const sends = account.status === "connected" && account.capabilities.send;
  const at = account.last_sent_at ?? account.connected_at;
  const when = (account.last_sent_at ? t.lastSent : t.since)(brief(at));
  return (
    <div className={styles.summary}>
      <div className={styles.title}>
        <h3>{account.email}</h3>
        {account.is_default && <Badge>{t.isDefault}</Badge>}
        {account.problem ? (
          <Badge tone={sends ? "warn" : "bad"}>{t.attention}</Badge>
        ) : (
          <Badge tone="good">{t.connected}</Badge>
        )}
      </div>
      <Soft>
        {account.name && `${account.name} · `}
        <time dateTime={at} title={time(at)}>
          {when}
        </time>
      </Soft>
    </div>
  );
}

function Details({ account }: { account: Account }) {
  const t = useStrings().accounts;
  const { number } = useFormat();
  const { data: detail } = useAccount(account.id);
  if (account.problem) {
    const own = Object.hasOwn(t.problems, account.problem.code) ? t.problems[account.problem.code] : undefined;
    return <p className={styles.problem}>{own ?? `${account.problem.detail} ${account.problem.remedy}`}</p>;
  }
  if (!detail) {
    return (
      <div className={styles.facts}>
        <Skeleton lines={2} />
      </div>
    );
  }
  const { capacity, aliases, tracking } = detail;
  const tracked = [tracking.opens && t.tracking.opens, tracking.clicks && t.tracking.clicks].filter(Boolean);
  return (
    <div className={styles.facts}>
      <Meter
        label={t.capacity}
        value={capacity.recipients_left_today}
        max={capacity.recipients_per_day}
        valueText={t.capacityOf(number(capacity.recipients_left_today), number(capacity.recipients_per_day))}
      />
      {capacity.reason && <Soft>{capacity.reason}</Soft>}
      <dl className={styles.list}>
        <dt>{t.aliases}</dt>
        <dd>{aliases.length ? aliases.map((alias) => alias.email).join(", ") : t.noAliases}</dd>
        <dt>{t.tracking.label}</dt>
        <dd>{tracked.length ? tracked.join(", ") : t.tracking.none}</dd>
      </dl>
    </div>
  );
}
