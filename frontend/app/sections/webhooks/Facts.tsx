import { useAccounts } from "../../api/accounts";
import { useTemplate } from "../../api/templates";
import type { RecipientRule, Trigger } from "../../api/triggers";
import { useFormat } from "../../i18n/format";
import { useStrings } from "../../integration/context";
import { Badge } from "../../ui/Badge";
import { Line } from "../../ui/layout";
import { Link } from "../../ui/Link";
import { delayOf } from "./delay";
import { RECIPIENTS } from "./draft";
import styles from "./webhooks.module.css";

/** What the trigger says, at a glance. */
export function Facts({ trigger }: { trigger: Trigger }) {
  const { webhooks } = useStrings();
  const t = webhooks.facts;
  const { number, time } = useFormat();
  const { data: accounts } = useAccounts();
  const delay = delayOf(trigger.delay_seconds);
  const { per_minute: minute, per_day: day } = trigger.rate;
  const rate = [minute && t.perMinute(number(minute)), day && t.perDay(number(day))].filter(Boolean).join(", ");
  const rows: [string, React.ReactNode][] = [
    [t.account, accounts?.find((one) => one.id === trigger.account)?.email ?? trigger.account],
    [t.message, <Message key="message" trigger={trigger} />],
    [t.scheme, webhooks.schemes[trigger.scheme]],
    [t.filter, trigger.filter ? <code>{trigger.filter}</code> : t.everything],
    ...RECIPIENTS.map((field): [string, React.ReactNode] => [t[field], people(trigger.mapping[field] ?? [], t)]),
    [t.domains, trigger.allowed_domains.length > 0 && trigger.allowed_domains.join(", ")],
    [t.delay, delay.amount && t.waits(`${number(delay.amount)} ${webhooks.editor.units[delay.unit]}`)],
    [t.rate, rate],
    [t.transactional, trigger.transactional && t.reached],
    [
      t.secrets,
      trigger.secrets.map(({ created_at: since, expires_at: until }) => (
        <div key={since}>
          {t.since(time(since))}
          {until && `, ${t.until(time(until))}`}
        </div>
      )),
    ],
  ];
  return (
    <dl className={styles.facts}>
      {rows
        .filter((row) => Boolean(row[1]))
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

function Message({ trigger: { template, subject } }: { trigger: Trigger }) {
  const t = useStrings().webhooks.facts;
  const { data } = useTemplate(template?.id ?? null);
  if (!template) return t.written(subject ?? "");
  const name = data?.name ?? template.id;
  return (
    <Link to={`/templates/${template.id}`}>{template.version === null ? name : t.version(name, template.version)}</Link>
  );
}

function people(rules: readonly RecipientRule[], t: { fromPayload: string }) {
  if (!rules.length) return null;
  return (
    <Line>
      {rules.map(({ email, path }) =>
        path === undefined ? (
          <span key={email}>{email}</span>
        ) : (
          <span key={path}>
            <code>{path}</code> <Badge>{t.fromPayload}</Badge>
          </span>
        ),
      )}
    </Line>
  );
}
