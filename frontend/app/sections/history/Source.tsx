import { saveFile } from "../../api/exporting";
import type { SendDetail } from "../../api/history";
import { useFormat } from "../../i18n/format";
import { useStrings } from "../../integration/context";
import { Button } from "../../ui/Button";
import { Soft, Stack } from "../../ui/layout";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { Spinner } from "../../ui/Waiting";
import { useMessage } from "./useMessage";
import styles from "./history.module.css";

const MOST = 100_000; // characters: more makes the page slow, and nobody reads it

/** The headers, and the message character by character. */
export function Source({ send }: { send: SendDetail }) {
  const t = useStrings().history.message;
  const { size } = useFormat();
  const { mime, message, error, isPending, retry } = useMessage(send.id);
  return (
    <Stack>
      <ProblemNotice error={error} onRetry={retry} />
      {isPending && <Spinner>{t.loading}</Spinner>}
      {message && (
        <section className={styles.block}>
          <h3>{t.headers}</h3>
          <dl className={styles.facts}>
            {message.headers.map(({ name, value }, index) => (
              <div key={index}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        </section>
      )}
      {mime !== undefined && (
        <section className={styles.block}>
          <div className={styles.title}>
            <h3>{t.raw}</h3>
            <Button
              size="small"
              onPress={() => saveFile(new Blob([mime], { type: "message/rfc822" }), `${send.id}.eml`)}
            >
              {t.downloadRaw}
            </Button>
          </div>
          {mime.length > MOST && <Soft>{t.rawCut(size(MOST))}</Soft>}
          {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls: by keyboard, too */}
          <pre className={styles.pre} tabIndex={0} aria-label={t.raw}>
            {mime.slice(0, MOST)}
          </pre>
        </section>
      )}
    </Stack>
  );
}
