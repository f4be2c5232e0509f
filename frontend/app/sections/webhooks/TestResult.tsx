import type { TriggerTest } from "../../api/triggers";
import { useStrings } from "../../integration/context";
import { Badge } from "../../ui/Badge";
import { MessageFrame } from "../../ui/MessageFrame";
import { pointerPart, RECIPIENTS } from "./draft";
import { otherProblems, pointersOf, problemsAt } from "./trial";
import styles from "./webhooks.module.css";

/** What a payload would make, with what is wrong beside what it is wrong about. */
export function TestResult({ result }: { result: TriggerTest }) {
  const t = useStrings().webhooks.tester;
  const { problems, passes, signature } = result;
  const wrong = problems.length > 0;
  const others = otherProblems(problems, pointersOf(result));
  return (
    <section className={styles.group} aria-label={t.result}>
      <h3>{t.result}</h3>
      {signature && <Badge tone={signature.ok ? "good" : "bad"}>{signature.ok ? t.signed : t.unsigned}</Badge>}
      <p className={styles.verdict} data-tone={wrong ? "bad" : passes === false ? "calm" : "good"}>
        {wrong ? t.unfit : passes === false ? t.filtered : t.fine}
      </p>
      <Wrong texts={problemsAt(problems, "/headers", "/payload", "/filter", "/account")} />
      {others.length > 0 && (
        <ul className={styles.list}>
          {others.map(({ pointer, detail }) => (
            <li key={pointer + detail} className={styles.wrong}>
              {pointer && <code>{pointer}</code>} {detail}
            </li>
          ))}
        </ul>
      )}
      <Values result={result} />
      <People result={result} />
      <Message result={result} />
    </section>
  );
}

function Values({ result: { variables, problems } }: { result: TriggerTest }) {
  const t = useStrings().webhooks.tester;
  const names = Object.keys(variables);
  if (!names.length) return null;
  return (
    <>
      <h4>{t.values}</h4>
      <dl className={styles.facts}>
        {names.map((name) => (
          <div key={name}>
            <dt>
              <code>{name}</code>
            </dt>
            <dd>
              <code>{JSON.stringify(variables[name])}</code>
              <Wrong texts={problemsAt(problems, `/mapping/variables/${pointerPart(name)}`)} />
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function People({ result }: { result: TriggerTest }) {
  const t = useStrings().webhooks;
  const rows = RECIPIENTS.map((field) => ({
    field,
    people: result[field].map(({ email }) => email),
    wrong: problemsAt(result.problems, `/${field}`, `/mapping/${field}`),
  })).filter(({ people, wrong }) => people.length || wrong.length);
  if (!rows.length) return null;
  return (
    <>
      <h4>{t.tester.recipients}</h4>
      <dl className={styles.facts}>
        {rows.map(({ field, people, wrong }) => (
          <div key={field}>
            <dt>{t.editor.fields[field]}</dt>
            <dd>
              {people.join(", ") || t.tester.none}
              <Wrong texts={wrong} />
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function Message({ result: { subject, html, warnings } }: { result: TriggerTest }) {
  const t = useStrings().webhooks.tester;
  if (html === null) return null;
  return (
    <>
      <h4>{t.message}</h4>
      <p className={styles.subject}>{subject}</p>
      <MessageFrame html={html} title={t.message} />
      {warnings.length > 0 && (
        <>
          <h4>{t.warnings}</h4>
          <ul className={styles.list}>
            {warnings.map(({ code, detail }) => (
              <li key={code + detail}>{detail}</li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

function Wrong({ texts }: { texts: readonly string[] }) {
  return texts.map((text) => (
    <p key={text} className={styles.wrong}>
      {text}
    </p>
  ));
}
