import { useQuery } from "@tanstack/react-query";
import { answer } from "../../api/client";
import type { TemplateVariable } from "../../api/templates";
import { useFormat } from "../../i18n/format";
import { useIntegration } from "../../integration/context";
import { Dialog } from "../../ui/Dialog";
import { Soft } from "../../ui/layout";
import { MessageFrame } from "../../ui/MessageFrame";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { Skeleton } from "../../ui/Waiting";
import { requestOf, type Draft } from "./draft";
import { readMessage } from "./message";
import styles from "./compose.module.css";

interface Props {
  draft: Draft;
  variables: readonly TemplateVariable[];
  onClose: () => void;
}

/** The exact message that the API would send, made and checked there, and not sent. */
export function DryRun({ onClose, ...props }: Props) {
  const t = useIntegration().strings.compose;
  return (
    <Dialog title={t.previewTitle} size="wide" onClose={onClose}>
      <Message {...props} />
    </Dialog>
  );
}

function Message({ draft, variables }: Omit<Props, "onClose">) {
  const { api, strings } = useIntegration();
  const t = strings.compose;
  const { size } = useFormat();
  const { data, error, refetch } = useQuery({
    queryKey: ["dry-run", draft],
    gcTime: 0,
    staleTime: Infinity,
    retry: false,
    queryFn: async () => {
      const body = { ...requestOf(draft, variables, null), dry_run: true };
      const made = await answer(api.POST("/api/gmail/send/", { body }));
      if (!("mime" in made)) throw new Error("A dry run answers with the message.");
      return { size: made.size, ...(await readMessage(made.mime)) };
    },
  });
  if (!data) return error ? <ProblemNotice error={error} onRetry={() => void refetch()} /> : <Skeleton lines={6} />;
  return (
    <>
      <dl className={styles["headers"]}>
        {data.headers.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {data.html ? (
        <MessageFrame html={data.html} title={t.previewTitle} />
      ) : (
        <pre className={styles["text"]}>{data.text}</pre>
      )}
      {data.attachments.length > 0 && <p>{data.attachments.join(", ")}</p>}
      <Soft>{t.previewSize(size(data.size))}</Soft>
    </>
  );
}
