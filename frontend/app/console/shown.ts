/** A part of a message that its HTML names by its Content-ID (without brackets). */
export interface ShownPart {
  contentId: string;
  contentType: string;
  content: Uint8Array;
}

/** What was found in a message. */
export interface Found {
  /** Pictures that lie elsewhere: loaded only if that was asked for. */
  remote: number;
  /** Our own links, which count who follows them: here they lead nowhere. */
  tracked: number;
}

const OURS = /^https?:\/\/[^/]+(?:\/[^?#]*)?\/t\/[cou]\/[\w.~-]{16,}/i;
const ELSEWHERE = /^\s*(?:https?:)?\/\//i;
const LOADING = ["src", "srcset", "background", "poster", "data"] as const;
const CSS_URL = /url\(\s*(?!["']?data:)[^)]*\)|@import[^;]*;?/gi;

/**
 * Makes a message fit to be looked at: its own pictures are put into it, links open beside it, and looking counts as
 * nothing, because our pixel is taken out and our links lead nowhere. `pictures`: whether those from the web may stay.
 */
export function prepare(page: Document, parts: readonly ShownPart[], pictures: boolean): Found {
  for (const one of page.querySelectorAll("script, meta, base, link")) one.remove();
  const tracked = disarm(page);
  for (const link of page.querySelectorAll("a[href], area[href]")) {
    link.setAttribute("target", "_blank");
    link.setAttribute("rel", "noopener noreferrer");
  }
  for (const one of page.querySelectorAll("img[src], [background]")) bringAlong(one, parts);
  const remote = page.querySelectorAll('img[src^="http:" i], img[src^="https:" i], img[src^="//"]').length;
  if (!pictures) stayHere(page);
  return { remote, tracked };
}

function disarm(page: Document): number {
  for (const image of page.querySelectorAll("img[src]")) {
    if (OURS.test(image.getAttribute("src") ?? "")) image.remove();
  }
  const links = [...page.querySelectorAll("a[href], area[href]")].filter((link) =>
    OURS.test(link.getAttribute("href") ?? ""),
  );
  for (const link of links) link.removeAttribute("href");
  return links.length;
}

/** Pictures of the message itself. */
function bringAlong(element: Element, parts: readonly ShownPart[]): void {
  for (const name of ["src", "background"]) {
    const id = /^cid:(.*)/i.exec(element.getAttribute(name) ?? "")?.[1];
    if (id === undefined) continue;
    const part = parts.find((one) => one.contentId === id || one.contentId === decoded(id));
    if (part?.contentType.startsWith("image/")) element.setAttribute(name, dataUrl(part));
    else element.removeAttribute(name);
  }
}

/** Takes out what a browser would fetch from elsewhere. The page's policy forbids it, too. */
function stayHere(page: Document): void {
  for (const name of LOADING) {
    for (const one of page.querySelectorAll(`[${name}]`)) {
      const value = one.getAttribute(name) ?? "";
      if (name === "srcset" || ELSEWHERE.test(value)) one.removeAttribute(name);
    }
  }
  for (const one of page.querySelectorAll("[style]")) {
    const style = one.getAttribute("style") ?? "";
    const here = style.replace(CSS_URL, "none");
    if (here !== style) one.setAttribute("style", here);
  }
  for (const one of page.querySelectorAll("style")) one.textContent = one.textContent.replace(CSS_URL, "none");
}

function dataUrl({ contentType, content }: ShownPart): string {
  let binary = "";
  for (let at = 0; at < content.length; at += 8192) binary += String.fromCharCode(...content.subarray(at, at + 8192));
  return `data:${contentType};base64,${btoa(binary)}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
