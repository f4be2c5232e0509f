/**
 * HTML as it is written, and its tree. What a template says in Liquid stands in the tree as <template data-liquid="…">,
 * the one element that HTML allows everywhere, inside of tables and lists, too.
 *
 * Under a `style-src 'self'` policy a browser drops style attributes already when HTML is parsed, in any document (CSP
 * §8.1 counts on the document's settings). Setting them through the CSSOM is allowed: so they are parsed under another
 * name, and set afterwards.
 */
const VERBATIM = String.raw`\{%-?\s*(?<name>raw|comment)\s*-?%\}[\s\S]*?\{%-?\s*end\k<name>\s*-?%\}`;
const LIQUID = String.raw`\{\{[\s\S]*?\}\}|\{%[\s\S]*?%\}`;
const COMMENT = "<!--[\\s\\S]*?(?:-->|$)";
const ELEMENT = String.raw`<(?<raw>script|style|textarea|title)\b[\s\S]*?(?:<\/\k<raw>\s*>|$)`;
const TAG = String.raw`<\/?[a-z](?:"[^"]*"|'[^']*'|[^'">])*>`;
const PARTS = new RegExp(`(?<liquid>${VERBATIM}|${LIQUID})|${COMMENT}|${ELEMENT}|(?<tag>${TAG})`, "gi");
const LIQUID_ONLY = new RegExp(`${VERBATIM}|${LIQUID}`, "gi");
const ATTRIBUTE = /\s[^\s"'<>/=]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'=<>`]+))?/g;
const PARKED = "data-parked-style";
/** A picture's address, where the element must load nothing. */
export const PARKED_SOURCE = "data-parked-src";

export interface ParseOptions {
  /** Whether Liquid means something; in a message that is sent as it is, it is text. */
  liquid: boolean;
}

export function parseSource(html: string, { liquid }: ParseOptions): Document {
  const marked = html.replace(PARTS, (part: string, ...given: unknown[]) => {
    const found = given.at(-1) as { liquid?: string; tag?: string };
    if (found.liquid !== undefined)
      return liquid ? `<template data-liquid="${escapeAttribute(part)}"></template>` : part;
    // A style element counts as applied when it is parsed, in whatever document.
    if (/^<style\b/i.test(part)) return `<x-style data-css="${escapeAttribute(part)}"></x-style>`;
    return found.tag === undefined ? part : parkStyles(part);
  });
  // What stands before the first element would else end up in the head.
  const piece = /<(?:html|head|body|!doctype)\b/i.test(html) ? marked : `<body>${marked}`;
  const made = new DOMParser().parseFromString(piece, "text/html");
  restoreStyles(made);
  return made;
}

/** The tag with its style attribute under another name. */
function parkStyles(tag: string): string {
  return tag.replace(ATTRIBUTE, (attribute) => attribute.replace(/^(\s)style(?=\s*=)/i, `$1${PARKED}`));
}

/** Pasted HTML, every style attribute under another name. */
export function parkAllStyles(html: string): string {
  return html.replace(PARTS, (part: string, ...given: unknown[]) => {
    const { tag } = given.at(-1) as { tag?: string };
    return tag === undefined ? part : parkStyles(part);
  });
}

export function restoreStyles(root: ParentNode): void {
  for (const element of root.querySelectorAll<HTMLElement>(`[${PARKED}]`)) {
    element.style.cssText = element.getAttribute(PARKED) ?? "";
    element.removeAttribute(PARKED);
    if (!element.style.length) element.removeAttribute("style");
  }
}

export function parkStyle(element: HTMLElement, style: string): void {
  element.removeAttribute("style");
  if (style) element.setAttribute(PARKED, style.replace(/;\s*$/, ""));
}

/** The tree's HTML, with its Liquid as it was written. Parked styles are real ones again. */
export function writeSource(root: Element): string {
  const kept: string[] = [];
  const hide = (liquid: string) => `\uE000${kept.push(liquid) - 1}\uE001`;
  const copy = root.cloneNode(true) as Element;
  for (const element of copy.querySelectorAll<HTMLElement>("[data-liquid]")) {
    element.replaceWith(hide(element.dataset["liquid"] ?? ""));
  }
  for (const element of copy.querySelectorAll<HTMLElement>("[data-liquid-before], [data-liquid-after]")) {
    element.before(hide(element.dataset["liquidBefore"] ?? ""));
    element.after(hide(element.dataset["liquidAfter"] ?? ""));
    element.removeAttribute("data-liquid-before");
    element.removeAttribute("data-liquid-after");
  }
  return copy.innerHTML
    .replace(new RegExp(TAG, "gi"), (tag) =>
      tag.replace(` ${PARKED}=`, " style=").replace(` ${PARKED_SOURCE}=`, " src=").replace(LIQUID_ONLY, unescapeLiquid),
    )
    .replace(/\uE000(\d+)\uE001/g, (_, index: string) => kept[Number(index)] ?? "");
}

/** All Liquid of a source, in its order, as Liquid reads it. */
export function liquidOf(html: string): string[] {
  return (html.match(LIQUID_ONLY) ?? []).map((one) => one.replace(/"/g, "'"));
}

/** Inside of an attribute's quotes. Between its own braces Liquid knows no character references. */
function unescapeLiquid(liquid: string): string {
  return liquid
    .replace(/&lt;/g, "<")
    .replace(/&gt;/g, ">")
    .replace(/&nbsp;/g, " ")
    .replace(/&quot;/g, "'")
    .replace(/&amp;/g, "&");
}

function escapeAttribute(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/"/g, "&quot;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}
