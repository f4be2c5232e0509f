import type { NewEndpoint } from "../../api/endpoints";
import { useFormat } from "../../i18n/format";
import { useStrings } from "../../integration/context";
import { Button } from "../../ui/Button";
import { CopyField } from "../../ui/CopyField";
import { Dialog, DialogButtons } from "../../ui/Dialog";

/** The secret, this once: only the button closes it. */
export function SecretDialog({ endpoint, onClose }: { endpoint: NewEndpoint; onClose: () => void }) {
  const t = useStrings().events.secret;
  const { time } = useFormat();
  const ends = endpoint.secrets[1]?.expires_at;
  return (
    <Dialog title={t.title} onClose={onClose} role="alertdialog" stays>
      <p>{t.text}</p>
      <CopyField label={t.label} value={endpoint.secret} />
      {ends && <p>{t.overlap(time(ends))}</p>}
      <DialogButtons>
        <Button kind="primary" onPress={onClose}>
          {t.done}
        </Button>
      </DialogButtons>
    </Dialog>
  );
}
