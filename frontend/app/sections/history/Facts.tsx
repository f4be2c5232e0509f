import { useAccounts } from "../../api/accounts";
import type { SendDetail } from "../../api/history";
import { useFormat } from "../../i18n/format";
import { useStrings } from "../../integration/context";
import { Badge } from "../../ui/Badge";
import { Link } from "../../ui/Link";
import { useTemplateNames, useTriggerNames } from "./names";
import styles from "./history.module.css";

type Address = SendDetail["from"];

/** Who, when, and where it came from. What is not there is left out. */
export function Facts({ send }: { send: SendDetail }) {
  const t = useStrings().history.message.facts;
  const { time, size } = useFormat();
  const to = (id: string | null | undefined) => id && <Link to={`/history/${id}`}>{id}</Link>;
  const when = (value: string | null) => value && <time dateTime={value}>{time(value)}</time>;
  const rows: [string, React.ReactNode][] = [
    [t.from, addressText(send.from)],
    [t.to, addressTexts(send.to)],
    [t.cc, addressTexts(send.cc)],
    [t.bcc, addressTexts(send.bcc)],
    [t.replyTo, addressTexts(send.reply_to)],
    [t.account, <AccountName key="account" id={send.account} />],
    [t.sentAt, when(send.sent_at)],
    [t.next, when(send.next_attempt_at)],
    [t.sendAt, when(send.send_at)],
    [t.created, when(send.created_at)],
    [t.template, send.template && <TemplateLink id={send.template} version={send.template_version ?? null} />],
    [t.trigger, send.trigger && <TriggerLink id={send.trigger} />],
    [t.batch, to(send.batch)],
    [t.inReplyTo, to(send.in_reply_to_send)],
    [t.resendOf, to(send.resend_of)],
    [t.resentAs, to(send.resent_as)],
    [t.tags, send.tags.length > 0 && <Tags tags={send.tags} />],
    [t.metadata, Object.entries(send.metadata).map(([name, value]) => <div key={name}>{`${name}: ${value}`}</div>)],
    [t.size, size(send.size)],
    [t.id, <code key="id">{send.id}</code>],
    [t.gmailId, send.gmail_message_id && <code>{send.gmail_message_id}</code>],
  ];
  return (
    <dl className={styles.facts}>
      {rows
        .filter(([, value]) => (Array.isArray(value) ? value.length > 0 : Boolean(value)))
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

function addressText({ name, email }: Address): string {
  return name ? `${name} <${email}>` : email;
}

function addressTexts(given: readonly Address[]): string {
  return given.map(addressText).join(", ");
}

function AccountName({ id }: { id: string }) {
  const t = useStrings().history.message.facts;
  const { data: accounts } = useAccounts();
  if (!accounts) return id;
  return accounts.find((one) => one.id === id)?.email ?? `${id} (${t.gone})`;
}

function TemplateLink({ id, version }: { id: string; version: number | null }) {
  const t = useStrings().history.message.facts;
  const name = useTemplateNames()[id] ?? id;
  return <Link to={`/templates/${id}`}>{version === null ? name : t.version(name, version)}</Link>;
}

function TriggerLink({ id }: { id: string }) {
  return <Link to={`/webhooks/${id}`}>{useTriggerNames()[id] ?? id}</Link>;
}

function Tags({ tags }: { tags: readonly string[] }) {
  return (
    <span className={styles.title}>
      {tags.map((tag) => (
        <Badge key={tag}>{tag}</Badge>
      ))}
    </span>
  );
}
