import type { Account } from "../../api/accounts";
import { DisconnectDialog } from "./DisconnectDialog";
import { SettingsDialog } from "./SettingsDialog";
import { TestDialog } from "./TestDialog";

const DIALOGS = { settings: SettingsDialog, test: TestDialog, disconnect: DisconnectDialog };

export type Opened = keyof typeof DIALOGS;

/** What a button of an account opens. */
export default function AccountDialogs({
  account,
  opened,
  onClose,
}: {
  account: Account;
  opened: Opened;
  onClose: () => void;
}) {
  const Shown = DIALOGS[opened];
  return <Shown account={account} onClose={onClose} />;
}
