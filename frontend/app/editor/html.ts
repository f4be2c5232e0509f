import { getSchema, type JSONContent } from "@tiptap/core";
import { DOMParser, DOMSerializer, Node, type Schema } from "@tiptap/pm/model";
import { extensions } from "./extensions";
import { isBlock, placeLiquid } from "./placing";
import { liquidOf, parkStyle, parseSource, writeSource, type ParseOptions } from "./source";

const schemas = new Map<boolean, Schema>();

function schemaOf({ liquid }: ParseOptions): Schema {
  const schema = schemas.get(liquid) ?? getSchema(extensions({ liquid }));
  schemas.set(liquid, schema);
  return schema;
}

/** A message's HTML as the editor's document. */
export function readHtml(html: string, options: ParseOptions): JSONContent {
  return DOMParser.fromSchema(schemaOf(options)).parse(prepared(html, options).body).toJSON() as JSONContent;
}

/** The editor's document as HTML that mail clients show. What it holds is what readHtml makes of it again. */
export function writeHtml(content: JSONContent, options: ParseOptions): string {
  const schema = schemaOf(options);
  const page = document.implementation.createHTMLDocument("");
  const given = DOMSerializer.fromSchema(schema).serializeFragment(Node.fromJSON(schema, content).content, {
    document: page,
  });
  page.body.append(given);
  finish(page.body);
  const html = writeSource(page.body);
  return html === "<p><br></p>" ? "" : html;
}

/** Whether the editor can show all of it, so that saving it again changes nothing that counts. */
export function isFaithful(html: string, options: ParseOptions): boolean {
  const written = writeHtml(readHtml(html, options), options);
  if (options.liquid && liquidOf(html).join("\n") !== liquidOf(written).join("\n")) return false;
  return canonical(html, options) === canonical(written, options);
}

function prepared(html: string, options: ParseOptions): Document {
  const made = parseSource(html, options);
  placeLiquid(made.body);
  // The line break at a block's end shows nothing: it keeps an empty line open.
  for (const block of made.body.querySelectorAll("p, h1, h2, h3, h4, h5, h6, li, td, th, blockquote")) {
    if (block.lastChild?.nodeName === "BR") block.lastChild.remove();
  }
  return made;
}

function finish(body: HTMLElement): void {
  for (const block of body.querySelectorAll("p, h1, h2, h3, h4, h5, h6")) {
    if (!block.lastChild || block.lastChild.nodeName === "BR") block.append(body.ownerDocument.createElement("br"));
  }
  // A paragraph of its own would put space around each item and cell.
  for (const holder of body.querySelectorAll("li, td, th")) unwrapOnly(holder);
  for (const element of body.querySelectorAll("[data-kind], [data-label-before], [data-label-after]")) {
    for (const name of ["data-kind", "data-label-before", "data-label-after"]) element.removeAttribute(name);
  }
  for (const element of body.querySelectorAll<HTMLElement>("[style]"))
    parkStyle(element, hexColours(element.style.cssText));
}

function unwrapOnly(holder: Element): void {
  const [first, second] = holder.children;
  const inList = second && (second.nodeName === "UL" || second.nodeName === "OL");
  if (first?.nodeName !== "P" || first.attributes.length || (second && !(inList && holder.children.length === 2)))
    return;
  if (first.lastChild?.nodeName === "BR" && first.childNodes.length === 1) first.lastChild.remove();
  first.replaceWith(...first.childNodes);
}

/** Colours as every mail client knows them; the CSSOM writes rgb(). */
export function hexColours(style: string): string {
  return style.replace(/rgb\((\d+), (\d+), (\d+)\)/g, (_, ...given: string[]) => {
    const parts = given.slice(0, 3).map((part) => Number(part).toString(16).padStart(2, "0"));
    return `#${parts.join("")}`;
  });
}

const SAME: Record<string, string> = { B: "strong", I: "em", STRIKE: "s", DEL: "s" };

/** One way to write what can be written in several. */
function canonical(html: string, options: ParseOptions): string {
  const { documentElement, body, head } = prepared(html, options);
  for (const element of [...body.querySelectorAll("*")]) {
    const name = SAME[element.nodeName];
    if (name && !element.attributes.length) replaceElement(element, name);
  }
  for (const part of body.querySelectorAll("thead, tbody, tfoot")) {
    if (!part.attributes.length) part.replaceWith(...part.childNodes);
  }
  for (const holder of body.querySelectorAll("li, td, th")) unwrapOnly(holder);
  wrapLines(body);
  for (const element of body.querySelectorAll<HTMLElement>("*")) sortAttributes(element);
  tidySpace(body);
  body.normalize();
  return [documentElement.attributes.length, head.innerHTML.trim(), body.attributes.length, body.innerHTML].join("|");
}

function replaceElement(element: Element, name: string): void {
  const made = element.ownerDocument.createElement(name);
  made.append(...element.childNodes);
  element.replaceWith(made);
}

/** A line that stands in no block is a paragraph. */
function wrapLines(body: HTMLElement): void {
  let line: HTMLElement | null = null;
  for (const node of [...body.childNodes]) {
    if (isBlock(node)) {
      line = null;
      continue;
    }
    if (!line && node.nodeType === 3 && !node.textContent?.trim()) continue;
    if (!line) {
      line = body.ownerDocument.createElement("p");
      node.before(line);
    }
    line.append(node);
  }
}

function sortAttributes(element: HTMLElement): void {
  const style = element.style.cssText.split(/;\s*/).filter(Boolean).sort().join(";");
  const all = [...element.attributes];
  for (const attribute of all) element.removeAttributeNode(attribute);
  // As nodes: a parser takes names, as of `<p ?>`, that setAttribute refuses.
  for (const attribute of all.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (attribute.name === "style") continue;
    attribute.value = attribute.value.includes("{") ? attribute.value.replace(/"/g, "'") : attribute.value;
    element.setAttributeNode(attribute);
  }
  if (style) element.setAttribute("data-style", hexColours(style));
}

/** Space that shows: one blank for many, none at the edges of blocks. */
function tidySpace(body: HTMLElement): void {
  const walker = body.ownerDocument.createTreeWalker(body, NodeFilter.SHOW_TEXT);
  const empty: globalThis.Node[] = [];
  while (walker.nextNode()) {
    const text = walker.currentNode as Text;
    if (text.parentElement?.closest("pre")) continue;
    text.data = text.data.replace(/[ \t\r\n\f]+/g, " ");
    if (atEdge(text, text.previousSibling)) text.data = text.data.replace(/^ /, "");
    if (atEdge(text, text.nextSibling)) text.data = text.data.replace(/ $/, "");
    if (!text.data) empty.push(text);
  }
  for (const text of empty) text.parentNode?.removeChild(text);
}

function atEdge(text: Text, neighbour: globalThis.Node | null): boolean {
  return neighbour ? isBlock(neighbour) || neighbour.nodeName === "BR" : isBlock(text.parentElement);
}
