import type { ConnectResult } from "./connect-result";

// Google's pages may cut the tie between a popup and its opener (Cross-Origin-Opener-Policy); a channel of the origin holds.
const NAME = "gmail-integration-connect";
const SIZE = "popup,width=520,height=720";

const PATIENCE = 1000; // milliseconds for the opener to answer: it listens, or it is gone

/** What is said on the channel: a popup asks for its opener, that answers, and is given the result, or nobody is. */
type Told =
  | { kind: "ask"; opener: string }
  | { kind: "here"; opener: string }
  | { kind: "result"; opener: string | null; result: ConnectResult };

/**
 * An empty window, opened while the press still counts as the person's own: later a browser would block it. `opener`: the
 * component that opens it; the window carries it in its name through Google's pages.
 */
export function openPopup(opener: string): Window | null {
  return window.open("", `${NAME}:${opener}`, SIZE);
}

/** The component that has opened this window; null where it is no popup of ours. */
export function openerOfPopup(): string | null {
  return window.name.startsWith(`${NAME}:`) ? window.name.slice(NAME.length + 1) : null;
}

/**
 * In the popup, back from Google: tells the component that opened it, and closes. Where that is gone, such as with a page
 * that was reloaded meanwhile, `alone` is called, and this window is no popup any more: it says itself how it ended, and
 * finishes it. What is returned ends the wait.
 */
export function reportFromPopup(opener: string, result: ConnectResult, alone: () => void): () => void {
  const channel = new BroadcastChannel(NAME);
  const say = (told: Told) => channel.postMessage(told);
  const end = () => {
    clearTimeout(timer);
    channel.close();
  };
  const timer = setTimeout(() => {
    say({ kind: "result", opener: null, result }); // the list of others is another one now
    end();
    window.name = "";
    alone();
  }, PATIENCE);
  channel.onmessage = ({ data }: MessageEvent<Told>) => {
    if (data.kind !== "here" || data.opener !== opener) return;
    say({ kind: "result", opener, result });
    end();
    window.close();
  };
  say({ kind: "ask", opener });
  return end;
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
    if (data.kind === "result") (data.opener === opener ? take : others)(data.result);
    else if (data.kind === "ask" && data.opener === opener) {
      channel.postMessage({ kind: "here", opener } satisfies Told);
    }
  };
  return () => {
    channel.close();
  };
}
