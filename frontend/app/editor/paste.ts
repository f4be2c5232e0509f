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
/** What must not even be parsed: conditional comments, and styles, which the page's policy would complain about. */
const FOREIGN = /<style\b[\s\S]*?(?:<\/style\s*>|$)|<!--[\s\S]*?-->|<!\[[\s\S]*?\]>/gi;
const DROPPED = "script, meta, link, title, xml, head, iframe, object, noscript, [style*='mso-list:Ignore' i]";

/**
 * Pasted HTML without what word processors put around the text: their fonts, classes, empty wrappers and, of Word, lists
 * that are paragraphs with a bullet in front. Headings, marks, links, lists, tables and colours stay. The answer's style
 * attributes are parked (see source.ts), as `restoreStyles` takes them.
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
  for (const element of [...page.body.querySelectorAll<HTMLElement>("*")]) {
    if (element.id.startsWith("docs-internal-guid") || element.nodeName.includes(":") || element.nodeName === "FONT")
      unwrap(element);
    else strip(element);
  }
  for (const paragraph of page.body.querySelectorAll("li > p:only-child")) unwrap(paragraph);
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
  for (const { name } of [...element.attributes]) if (!ATTRIBUTES.has(name)) element.removeAttribute(name);
  parkStyle(element, kept.map(([name, value]) => `${name}: ${value}`).join("; "));
  if (element.nodeName === "SPAN" && !element.attributes.length) unwrap(element);
}

function unwrap(element: Element): void {
  element.replaceWith(...element.childNodes);
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
