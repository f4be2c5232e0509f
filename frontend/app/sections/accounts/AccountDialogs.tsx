import type { Account } from "../../api/accounts";
import { DisconnectDialog } from "./DisconnectDialog";
import { SettingsDialog } from "./SettingsDialog";
import { TestDialog } from "./TestDialog";

export type Opened = "none" | "settings" | "test" | "disconnect";

/** What an account's buttons open. */
export default function AccountDialogs({
  account,
  opened,
  onClose,
}: {
  account: Account;
  opened: Opened;
  onClose: () => void;
}) {
  return (
    <>
      <SettingsDialog account={account} isOpen={opened === "settings"} onClose={onClose} />
      <TestDialog account={account} isOpen={opened === "test"} onClose={onClose} />
      <DisconnectDialog account={account} isOpen={opened === "disconnect"} onClose={onClose} />
    </>
  );
}
