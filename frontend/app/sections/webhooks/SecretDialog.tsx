import type { Trigger } from "../../api/triggers";
import { useFormat } from "../../i18n/format";
import { useStrings } from "../../integration/context";
import { Button } from "../../ui/Button";
import { CopyField } from "../../ui/CopyField";
import { Dialog, DialogButtons } from "../../ui/Dialog";
import { Script } from "./Firing";

/** The newest secret, this once: only the button closes it. */
export function SecretDialog({ trigger, onClose }: { trigger: Trigger; onClose: () => void }) {
  const { firing, secret: t } = useStrings().webhooks;
  const { time } = useFormat();
  const [newest, before] = trigger.secrets;
  const secret = newest?.secret ?? "";
  return (
    <Dialog title={t.title} onClose={onClose} role="alertdialog" size="wide" stays>
      <p>{t.text}</p>
      <CopyField label={t.label} value={secret} />
      <CopyField label={firing.url} value={trigger.url} />
      {before?.expires_at && <p>{t.overlap(time(before.expires_at))}</p>}
      <Script trigger={trigger} secret={secret} />
      <DialogButtons>
        <Button kind="primary" onPress={onClose}>
          {t.done}
        </Button>
      </DialogButtons>
    </Dialog>
  );
}
