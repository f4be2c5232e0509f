import { useMemo, useState } from "react";
import { saveFile } from "../../api/exporting";
import type { SendDetail } from "../../api/history";
import type { Found } from "../../console/shown";
import { useFormat } from "../../i18n/format";
import { useStrings } from "../../integration/context";
import { Button } from "../../ui/Button";
import { Disclosure } from "../../ui/Disclosure";
import { Line, Soft, Stack } from "../../ui/layout";
import { MessageFrame } from "../../ui/MessageFrame";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { Spinner } from "../../ui/Waiting";
import type { SentMessage, SentPart } from "./asSent";
import { useMessage } from "./useMessage";
import styles from "./history.module.css";

/** The message as it was sent. */
export function Content({ send }: { send: SendDetail }) {
  const t = useStrings().history.message;
  const { message, error, isPending, retry } = useMessage(send.id);
  return (
    <Stack>
      <ProblemNotice error={error} onRetry={retry} />
      {isPending && <Spinner>{t.loading}</Spinner>}
      {message && <Body message={message} />}
      {message ? <Files parts={message.parts} /> : <Listed attachments={send.attachments} />}
    </Stack>
  );
}

function Body({ message: { html, text, parts } }: { message: SentMessage }) {
  const t = useStrings().history.message;
  const [pictures, setPictures] = useState(false);
  const [found, setFound] = useState<Found | null>(null);
  const inline = useMemo(() => parts.filter((part) => part.isInline), [parts]);
  if (!html) return text ? <Text text={text} note={t.onlyText} /> : <Soft>{t.empty}</Soft>;
  return (
    <>
      {found !== null && found.remote > 0 && !pictures && (
        <Line>
          <Soft>{t.pictures(found.remote)}</Soft>
          <Button size="small" onPress={() => setPictures(true)}>
            {t.showPictures}
          </Button>
        </Line>
      )}
      {/* Another page with another policy, so another frame. */}
      <MessageFrame
        key={String(pictures)}
        title={t.html}
        html={html}
        parts={inline}
        pictures={pictures}
        onFound={setFound}
      />
      {found !== null && found.tracked > 0 && <Soft>{t.tracked}</Soft>}
      {text && (
        <Disclosure title={t.text}>
          <Text text={text} />
        </Disclosure>
      )}
    </>
  );
}

function Text({ text, note }: { text: string; note?: string }) {
  return (
    <>
      {note && <Soft>{note}</Soft>}
      <pre className={styles.pre}>{text}</pre>
    </>
  );
}

function Files({ parts }: { parts: readonly SentPart[] }) {
  const t = useStrings().history.message;
  const { size } = useFormat();
  if (!parts.length) return null;
  return (
    <section className={styles.block}>
      <h3>{t.attachments}</h3>
      <ul className={styles.list}>
        {parts.map((part, index) => (
          <li key={index}>
            <Line>
              <span>{part.filename || t.unnamed}</span>
              <span className={styles.small}>
                {`${part.contentType}, ${size(part.content.length)}${part.isInline ? `, ${t.inline}` : ""}`}
              </span>
              <Button
                size="small"
                aria-label={t.download(part.filename || t.unnamed)}
                onPress={() =>
                  // As bytes: nothing that it brings is run by this page.
                  saveFile(new Blob([part.content], { type: "application/octet-stream" }), part.filename || t.unnamed)
                }
              >
                ↓
              </Button>
            </Line>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What is known of the attachments where the message itself is not there. */
function Listed({ attachments }: Pick<SendDetail, "attachments">) {
  const t = useStrings().history.message;
  const { size } = useFormat();
  if (!attachments.length) return null;
  return (
    <section className={styles.block}>
      <h3>{t.attachments}</h3>
      <ul className={styles.list}>
        {attachments.map(({ filename, content_type, size: bytes, sha256 }) => (
          <li key={filename + sha256}>
            {filename} <span className={styles.small}>{`${content_type}, ${size(bytes)}`}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
