import { useState } from "react";
import { ApiProblem } from "../../api/problem";
import { useImportSuppressions } from "../../api/suppressions";
import { useFormat } from "../../i18n/format";
import { useStrings } from "../../integration/context";
import { Button } from "../../ui/Button";
import { Dialog, DialogButtons } from "../../ui/Dialog";
import { FileField } from "../../ui/FileField";
import { Form } from "../../ui/Form";
import { Soft } from "../../ui/layout";
import { useNotices } from "../../ui/notices";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { TextField } from "../../ui/TextField";
import { listFile, wrongLines } from "./importing";
import styles from "./suppressions.module.css";

interface Props {
  onClose: () => void;
}

export function ImportDialog({ onClose }: Props) {
  const t = useStrings().suppressions.importing;
  return (
    <Dialog title={t.title} onClose={onClose}>
      <Soft>{t.lead}</Soft>
      <ImportForm onClose={onClose} />
    </Dialog>
  );
}

function ImportForm({ onClose }: Props) {
  const { common, suppressions } = useStrings();
  const t = suppressions.importing;
  const { size } = useFormat();
  const { notify } = useNotices();
  const { mutateAsync, isPending, error } = useImportSuppressions();
  const [file, setFile] = useState<File | null>(null);
  const [pasted, setPasted] = useState("");
  const [isMissing, setMissing] = useState(false);
  const send = async () => {
    const content = file ? await file.text() : pasted;
    setMissing(!content.trim());
    if (!content.trim()) return;
    const { rows, added, changed, unchanged } = await mutateAsync(listFile(content), { onSuccess: onClose });
    notify({ tone: "good", text: t.done(rows, added, changed, unchanged) });
  };
  return (
    <Form className={styles.form} onSubmit={send}>
      <FileField label={t.drop} choose={t.choose} accept={[".csv", ".txt", ".ndjson", ".jsonl"]} onFile={setFile}>
        {file && <span role="status">{t.chosen(file.name, size(file.size))}</span>}
      </FileField>
      <TextField
        label={t.paste}
        rows={4}
        mono
        value={pasted}
        onChange={(text) => {
          setPasted(text);
          setFile(null);
        }}
        error={isMissing ? t.nothing : undefined}
      />
      <Refused error={error} />
      <DialogButtons>
        <Button onPress={onClose}>{common.cancel}</Button>
        <Button kind="primary" type="submit" isPending={isPending}>
          {t.confirm}
        </Button>
      </DialogButtons>
    </Form>
  );
}

/** Which lines are wrong, or whatever else went wrong. */
function Refused({ error }: { error: unknown }) {
  const t = useStrings().suppressions.importing;
  const lines = error instanceof ApiProblem ? wrongLines(error) : [];
  if (!lines.length) return <ProblemNotice error={error} />;
  return (
    <div role="alert" className={styles.refused}>
      <p>{t.refused}</p>
      <ul>
        {lines.map(({ line, detail }) => (
          <li key={line}>
            <strong>{t.line(String(line))}</strong> {detail}
          </li>
        ))}
      </ul>
    </div>
  );
}
