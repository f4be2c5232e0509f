/**
 * Where Liquid stands in a tree: in a line of text it is a word of it (span), between blocks a block of its own (div),
 * and around rows, cells and list items, where nothing else may stand, it belongs to them.
 */
const LISTS = new Set(["TABLE", "TBODY", "THEAD", "TFOOT", "TR", "UL", "OL"]);
const BLOCKS = new Set(
  (
    "ADDRESS ARTICLE ASIDE BLOCKQUOTE BODY CAPTION CENTER DD DIV DL DT FIGCAPTION FIGURE FOOTER H1 H2 H3 H4 H5 H6 HEADER HR " +
    "LI MAIN NAV OL P PRE SECTION TABLE TBODY TD TFOOT TH THEAD TR UL"
  ).split(" "),
);

export function isBlock(node: Node | null): node is HTMLElement {
  return node !== null && BLOCKS.has(node.nodeName);
}

/** Gives each piece of Liquid its place. False where there is none that the editor could show. */
export function placeLiquid(body: HTMLElement): boolean {
  let placed = true;
  for (const piece of [...body.querySelectorAll<HTMLTemplateElement>("template[data-liquid]")]) {
    const parent = piece.parentElement;
    if (!parent) continue;
    if (LISTS.has(parent.nodeName)) placed = attach(piece) && placed;
    else rename(piece, standsAlone(piece) ? "div" : "span");
  }
  return placed;
}

/** To the row or item that it stands before; what ends something, to the one that it stands behind. */
function attach(piece: HTMLTemplateElement): boolean {
  const liquid = piece.dataset["liquid"] ?? "";
  const before = piece.previousElementSibling as HTMLElement | null;
  const after = nextElement(piece);
  piece.remove();
  if (before && (/^\{%-?\s*end/.test(liquid) || !after)) {
    before.dataset["liquidAfter"] = (before.dataset["liquidAfter"] ?? "") + liquid;
  } else if (after) {
    after.dataset["liquidBefore"] = (after.dataset["liquidBefore"] ?? "") + liquid;
  } else return false;
  return true;
}

function nextElement(piece: Element): HTMLElement | null {
  let next = piece.nextElementSibling;
  while (next?.nodeName === "TEMPLATE") next = next.nextElementSibling;
  return next as HTMLElement | null;
}

/** Whether its line is made of Liquid only, and stands among blocks. */
function standsAlone(piece: Element): boolean {
  if (piece.parentElement?.nodeName !== "BODY" && ![...(piece.parentElement?.children ?? [])].some(isBlock))
    return false;
  if (!isBlock(piece.parentElement)) return false;
  return [line(piece, "previousSibling"), line(piece, "nextSibling")].every(Boolean);
}

function line(piece: Node, step: "previousSibling" | "nextSibling"): boolean {
  let node = piece[step];
  while (node && !isBlock(node)) {
    const liquid = node instanceof Element && node.hasAttribute("data-liquid");
    if (!liquid && node.nodeName !== "#comment" && (node.nodeName !== "#text" || node.textContent?.trim()))
      return false;
    node = node[step];
  }
  return true;
}

function rename(piece: HTMLElement, name: "div" | "span"): void {
  const made = piece.ownerDocument.createElement(name);
  made.dataset["liquid"] = piece.dataset["liquid"];
  piece.replaceWith(made);
}
