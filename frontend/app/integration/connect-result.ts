/** How a sign-in at Google ended, as the query of the address says it. */
export type ConnectResult =
  { status: "connected"; account: string } | { status: "confirm"; pending: string } | { status: "error"; code: string };

const NAMES = ["status", "account", "pending", "code"];

/** Null where the query tells of no sign-in: a host page may have a `status` of its own. */
export function readConnectResult(search: string): ConnectResult | null {
  const query = new URLSearchParams(search);
  const account = query.get("account") ?? "";
  const pending = query.get("pending") ?? "";
  const code = query.get("code");
  switch (query.get("status")) {
    case "connected":
      return account.startsWith("acc_") ? { status: "connected", account } : null;
    case "confirm":
      return pending.startsWith("pnd_") ? { status: "confirm", pending } : null;
    case "error":
      return code === null ? null : { status: "error", code };
    default:
      return null;
  }
}

/** Takes the result out of the address, so that a reload does not say it again. */
export function forgetConnectResult(): void {
  const url = new URL(location.href);
  for (const name of NAMES) url.searchParams.delete(name);
  history.replaceState(history.state, "", url);
}
