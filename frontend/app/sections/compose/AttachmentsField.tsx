import { Button as AriaButton } from "react-aria-components/Button";
import { DropZone } from "react-aria-components/DropZone";
import { FileTrigger } from "react-aria-components/FileTrigger";
import { FILES_LIMIT } from "../../api/uploading";
import { useFormat } from "../../i18n/format";
import { useStrings } from "../../integration/context";
import { Badge } from "../../ui/Badge";
import { Button } from "../../ui/Button";
import { Meter, ProgressBar } from "../../ui/ProgressBar";
import { usedFiles, type ComposedFile, type Draft } from "./draft";
import type { Files } from "./useFiles";
import fields from "../../ui/fields.module.css";
import styles from "./compose.module.css";

interface Props {
  draft: Draft;
  files: Files;
  error: string | undefined;
}

export function AttachmentsField({ draft, files, error }: Props) {
  const t = useStrings().compose;
  const { size } = useFormat();
  const shown = usedFiles(draft);
  const total = shown.reduce((sum, file) => sum + file.size, 0);
  return (
    <div className={styles["files"]} role="group" aria-label={t.attachments}>
      <span className={fields["label"]}>{t.attachments}</span>
      <DropZone
        aria-label={t.dropped}
        className={styles["drop"] ?? ""}
        onDrop={async ({ items }) => {
          files.attach(await Promise.all(items.filter((item) => item.kind === "file").map((item) => item.getFile())));
        }}
      >
        <span>{t.drop}</span>
        <FileTrigger allowsMultiple onSelect={(given) => files.attach([...(given ?? [])])}>
          <Button size="small">{t.chooseFiles}</Button>
        </FileTrigger>
      </DropZone>
      {shown.length > 0 && (
        <>
          <ul className={styles["list"]}>
            {shown.map((file) => (
              <FileRow key={file.key} file={file} files={files} />
            ))}
          </ul>
          <Meter
            label={t.usedLabel}
            value={Math.min(total, FILES_LIMIT)}
            max={FILES_LIMIT}
            valueText={t.used(size(total), size(FILES_LIMIT))}
          />
        </>
      )}
      {error && (
        <p className={fields["error"]} role="alert">
          {error}
        </p>
      )}
    </div>
  );
}

function FileRow({ file, files }: { file: ComposedFile; files: Files }) {
  const { common, compose: t } = useStrings();
  const { size } = useFormat();
  const sent = files.progress[file.key] ?? 0;
  return (
    <li className={styles["file"]}>
      <div className={styles["fileTop"]}>
        <div className={styles["fileAbout"]}>
          <span className={styles["name"]}>{file.filename}</span>
          {file.contentId && <Badge>{t.inline}</Badge>}
          <span className={fields["hint"]}>{size(file.size)}</span>
          {file.failed && !files.isLost(file.key) && (
            <Button size="small" onPress={() => files.retry(file.key)}>
              {t.retry}
            </Button>
          )}
        </div>
        <AriaButton
          aria-label={common.remove(file.filename)}
          className={fields["remove"] ?? ""}
          onPress={() => files.remove(file.key)}
        >
          ✕
        </AriaButton>
      </div>
      {file.failed && <p className={fields["error"]}>{files.isLost(file.key) ? t.lostUpload : t.failedUploads}</p>}
      {!file.id && !file.failed && (
        <ProgressBar
          label={t.uploading(file.filename)}
          value={sent ? Math.min(sent, file.size) : null}
          max={Math.max(file.size, 1)}
          valueText={t.used(size(sent), size(file.size))}
        />
      )}
    </li>
  );
}
