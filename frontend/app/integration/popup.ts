import type { ConnectResult } from "./connect-result";

// Google's pages may cut the tie between a popup and its opener (Cross-Origin-Opener-Policy); a channel of the origin holds.
const NAME = "gmail-integration-connect";
const SIZE = "popup,width=520,height=720";

/** What a popup says to every page of the origin, and whose popup it was. */
interface Told {
  opener: string;
  result: ConnectResult;
}

/**
 * An empty window, opened while the press still counts as the person's own: later a browser would block it. `opener`: the
 * component that opens it; the window carries it in its name through Google's pages.
 */
export function openPopup(opener: string): Window | null {
  return window.open("", `${NAME}:${opener}`, SIZE);
}

/** In the popup, back from Google: tells the page that opened it, and closes. False in any other window. */
export function reportFromPopup(result: ConnectResult): boolean {
  if (!window.name.startsWith(`${NAME}:`)) return false;
  const told: Told = { opener: window.name.slice(NAME.length + 1), result };
  const channel = new BroadcastChannel(NAME);
  channel.postMessage(told);
  channel.close();
  window.close();
  return true;
}

/**
 * Calls `take` for each result of a popup that `opener` opened, and `others` for those of other tabs and components of the
 * origin, until the returned function is called.
 */
export function listenToPopups(
  opener: string,
  take: (result: ConnectResult) => void,
  others: (result: ConnectResult) => void,
): () => void {
  const channel = new BroadcastChannel(NAME);
  channel.onmessage = ({ data }: MessageEvent<Told>) => {
    (data.opener === opener ? take : others)(data.result);
  };
  return () => {
    channel.close();
  };
}
