import { FRESH } from "./kept";
import { isBlock } from "./placing";
import { parkAllStyles, parkStyle, restoreStyles } from "./source";

/** What of a pasted text's looks is its author's, not its word processor's; and what of that is a word processor's again. */
const LOOKS: Record<string, string[]> = {
  color: ["windowtext", "black", "rgb(0, 0, 0)", "initial", "inherit", "currentcolor"],
  "background-color": ["white", "transparent", "rgb(255, 255, 255)", "rgba(0, 0, 0, 0)", "initial"],
  "text-align": ["start", "left", "initial"],
};
/** Styles that an element says better. */
const MARKS: [name: string, element: string, says: RegExp][] = [
  ["font-weight", "strong", /^(?:bold|bolder|[6-9]00)$/],
  ["font-style", "em", /italic|oblique/],
  ["text-decoration", "u", /underline/],
  ["text-decoration", "s", /line-through/],
];
const ATTRIBUTES = new Set(["href", "src", "alt", "colspan", "rowspan", "start", "data-parked-style"]);
const SIZES = new Set(["width", "height"]); // of pictures
/** What must not even be parsed: conditional comments, and styles, which the page's policy would complain about. */
const FOREIGN = /<style\b[\s\S]*?(?:<\/style\s*>|$)|<!--[\s\S]*?-->|<!\[[\s\S]*?\]>/gi;
const DROPPED =
  "script, meta, link, title, xml, head, iframe, object, noscript, br.Apple-interchange-newline, [style*='mso-list:Ignore' i]";

/**
 * Pasted HTML without what word processors put around the text: their fonts, classes, empty wrappers and, of Word, lists
 * that are paragraphs with a bullet in front. Headings, marks, links, lists, alignment, tables and colours stay; tables
 * that showed lines get those of tables made here. The answer's style attributes are parked (see source.ts), as
 * `restoreStyles` takes them.
 */
export function cleanPaste(html: string): string {
  if (/\sdata-pm-slice=/.test(html)) return parkAllStyles(html); // from an editor like this one
  const page = new DOMParser().parseFromString(parkAllStyles(html.replace(FOREIGN, "")), "text/html");
  const lists = wordLists(page);
  restoreStyles(page);
  for (const element of page.body.querySelectorAll(DROPPED)) element.remove();
  for (const image of page.body.querySelectorAll("img")) {
    if (!/^(?:https?:|cid:)/i.test(image.getAttribute("src") ?? "")) image.remove();
  }
  for (const [first, ...items] of lists) makeList(first, items);
  emptyLines(page.body);
  oldNames(page.body);
  const ruled = [...page.body.querySelectorAll("table")].filter(isRuled);
  for (const element of [...page.body.querySelectorAll<HTMLElement>("*")]) {
    if (element.id.startsWith("docs-internal-guid") || element.nodeName.includes(":")) unwrap(element);
    else strip(element);
  }
  for (const paragraph of page.body.querySelectorAll("li > p:only-child")) unwrap(paragraph);
  for (const table of ruled) rule(table);
  return page.body.innerHTML;
}

function strip(element: HTMLElement): void {
  if (element.nodeName === "SPAN") {
    for (const [name, mark, says] of MARKS) {
      if (!says.test(element.style.getPropertyValue(name)) || (mark === "u" && element.closest("a"))) continue;
      const made = element.ownerDocument.createElement(mark);
      made.append(...element.childNodes);
      element.append(made);
    }
  }
  const kept = Object.entries(LOOKS)
    .map(([name, plain]) => [name, element.style.getPropertyValue(name), plain] as const)
    .filter(([, value, plain]) => value && !plain.includes(value.toLowerCase()));
  for (const { name } of [...element.attributes]) {
    if (!ATTRIBUTES.has(name) && !(element.nodeName === "IMG" && SIZES.has(name))) element.removeAttribute(name);
  }
  parkStyle(element, kept.map(([name, value]) => `${name}: ${value}`).join("; "));
  if (element.nodeName === "SPAN" && !element.attributes.length) unwrap(element);
}

function unwrap(element: Element): void {
  element.replaceWith(...element.childNodes);
}

/** Word fills an empty paragraph with a blank of its own; Docs writes a line break between paragraphs. */
function emptyLines(body: HTMLElement): void {
  for (const element of body.getElementsByTagName("o:p")) if (!element.textContent.trim()) element.textContent = "";
  for (const element of body.querySelectorAll("br")) {
    const before = neighbour(element, "previousSibling");
    const after = neighbour(element, "nextSibling");
    if (after && !isBlock(after)) continue;
    // At the end of a line it shows nothing; where nothing else stands, it is an empty one.
    if (before && !isBlock(before)) element.remove();
    else if (before ?? after) element.replaceWith(body.ownerDocument.createElement("p"));
  }
}

function neighbour(node: Node, side: "previousSibling" | "nextSibling"): Node | null {
  let found = node[side];
  while (found?.nodeType === Node.TEXT_NODE && !found.textContent?.trim()) found = found[side];
  return found;
}

/** What was said by attributes before there were styles, and some programs say so still. */
function oldNames(body: HTMLElement): void {
  for (const element of body.querySelectorAll<HTMLElement>("p[align], h1[align], h2[align], h3[align], h4[align]")) {
    element.style.textAlign ||= element.getAttribute("align") ?? "";
  }
  for (const font of body.querySelectorAll<HTMLElement>("font")) {
    const made = body.ownerDocument.createElement("span");
    made.style.color = font.getAttribute("color") ?? "";
    made.append(...font.childNodes);
    font.replaceWith(made);
  }
}

function isRuled(table: HTMLTableElement): boolean {
  const cell = table.querySelector<HTMLElement>("td, th");
  const sides = cell ? [cell.style.borderTopStyle, cell.style.borderLeftStyle, cell.style.borderBottomStyle] : [];
  return Number(table.getAttribute("border")) > 0 || sides.some((side) => side !== "" && side !== "none");
}

/** Mail clients draw no lines by themselves. */
function rule(table: HTMLTableElement): void {
  parkStyle(table, FRESH.table);
  for (const cell of table.querySelectorAll<HTMLElement>("td, th"))
    parkStyle(cell, cell.nodeName === "TH" ? FRESH.tableHeader : FRESH.tableCell);
}

interface Item {
  element: HTMLElement;
  level: number;
  ordered: boolean;
}

/** Word's lists: runs of paragraphs whose styles name a list and a level. */
function wordLists(page: Document): Item[][] {
  const runs: Item[][] = [];
  let last: Element | null = null;
  for (const element of page.body.querySelectorAll<HTMLElement>("[data-parked-style*='mso-list']")) {
    const style = element.getAttribute("data-parked-style") ?? "";
    if (/mso-list:\s*Ignore/i.test(style)) {
      continue;
    }
    const level = Number(/level(\d+)/i.exec(style)?.[1] ?? 1);
    const marker = element.querySelector("[data-parked-style*='Ignore' i]");
    const ordered = /^\s*[\da-z]{1,4}[.)]/i.test(marker?.textContent ?? "");
    marker?.remove();
    const item = { element, level, ordered };
    const run = runs.at(-1);
    if (run && last && element.previousElementSibling === last) run.push(item);
    else runs.push([item]);
    last = element;
  }
  return runs;
}

function makeList(first: Item | undefined, rest: Item[]): void {
  if (!first) return;
  const page = first.element.ownerDocument;
  const open: { list: Element; level: number }[] = [];
  for (const { element, level, ordered } of [first, ...rest]) {
    while (open.length > 1 && (open.at(-1)?.level ?? 0) > level) open.pop();
    let top = open.at(-1);
    if (!top || top.level < level) {
      const list = page.createElement(ordered ? "ol" : "ul");
      if (top) (top.list.lastElementChild ?? top.list).append(list);
      else element.before(list);
      top = { list, level };
      open.push(top);
    }
    const item = page.createElement("li");
    item.append(...element.childNodes);
    top.list.append(item);
    element.remove();
  }
}
