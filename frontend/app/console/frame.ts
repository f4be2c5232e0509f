/**
 * Shows a message's HTML in a page of its own (frame.html), which the console puts into a sandboxed iframe. A message
 * brings styles of its own, which the console's policy forbids; this page's policy allows them and nothing else: no
 * script of the message runs, and nothing is loaded from anywhere, save pictures where they were asked for. The iframe
 * has no origin, so it sees nothing either.
 */
import { prepare, type ShownPart } from "./shown";

interface Given {
  html: string;
  parts: readonly ShownPart[];
  pictures: boolean;
}

window.addEventListener("message", (event: MessageEvent<unknown>) => {
  if (event.source !== window.parent || !isGiven(event.data)) return;
  const message = new DOMParser().parseFromString(event.data.html, "text/html");
  const found = prepare(message, event.data.parts, event.data.pictures);
  document.head.replaceChildren(...message.head.children);
  document.body.replaceWith(document.adoptNode(message.body));
  const tell = () => window.parent.postMessage({ height: height() }, "*");
  new ResizeObserver(tell).observe(document.documentElement);
  window.parent.postMessage({ found }, "*");
});
window.parent.postMessage({ ready: true }, "*");

function isGiven(data: unknown): data is Given {
  return typeof data === "object" && data !== null && "html" in data && typeof data.html === "string";
}

/** What the message needs. What it scrolls over is never less than the frame, so it can't tell that there is too much. */
function height(): number {
  const { scrollHeight } = document.documentElement;
  if (scrollHeight > window.innerHeight) return scrollHeight;
  return Math.ceil(document.documentElement.getBoundingClientRect().height);
}
