import type { ConnectResult } from "./connect-result";

// Google's pages may cut the tie between a popup and its opener (Cross-Origin-Opener-Policy); a channel of the origin holds.
const NAME = "gmail-integration-connect";
const SIZE = "popup,width=520,height=720";

/** An empty window, opened while the press still counts as the person's own: later a browser would block it. */
export function openPopup(): Window | null {
  return window.open("", NAME, SIZE);
}

/** In the popup, back from Google: tells the page that opened it, and closes. False in any other window. */
export function reportFromPopup(result: ConnectResult): boolean {
  if (window.name !== NAME) return false;
  const channel = new BroadcastChannel(NAME);
  channel.postMessage(result);
  channel.close();
  window.close();
  return true;
}

/** Calls `take` for each result of a popup, until the returned function is called. */
export function listenToPopups(take: (result: ConnectResult) => void): () => void {
  const channel = new BroadcastChannel(NAME);
  channel.onmessage = (event: MessageEvent<ConnectResult>) => {
    take(event.data);
  };
  return () => {
    channel.close();
  };
}
