import type { NewKey } from "../../api/keys";
import { useIntegration } from "../../integration/context";
import { Button } from "../../ui/Button";
import { CopyField } from "../../ui/CopyField";
import { Dialog, DialogButtons } from "../../ui/Dialog";

/** The key, this once: only the button closes it. */
export function NewKeyDialog({ made, onClose }: { made: NewKey; onClose: () => void }) {
  const { strings, apiUrl } = useIntegration();
  const t = strings.keys.secret;
  const example = `curl "${apiUrl || location.origin}/api/gmail/history/" -H "Authorization: Bearer ${made.key}"`;
  return (
    <Dialog title={t.title} onClose={onClose} role="alertdialog" stays>
      <p>{t.text}</p>
      <CopyField label={t.label} value={made.key} />
      {made.scopes.includes("read") && <CopyField label={t.example} value={example} block />}
      <DialogButtons>
        <Button kind="primary" onPress={onClose}>
          {t.done}
        </Button>
      </DialogButtons>
    </Dialog>
  );
}
