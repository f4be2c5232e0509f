import { Extension } from "@tiptap/core";
import { labelsOf } from "./liquid";

/** Attributes that mean something in a mail, and that nothing else here looks after. They come back as they were. */
const NAMES = (
  "class id dir lang title align valign width height bgcolor border cellpadding cellspacing role background " +
  "nowrap scope headers target name data-track notrack hspace vspace reversed value"
).split(" ");

/** What other extensions read from an element, and write again. */
const OWNED: Record<string, { names?: string[]; styles?: string[] }> = {
  paragraph: { styles: ["text-align"] },
  heading: { styles: ["text-align"] },
  image: { names: ["title", "width", "height"] },
  tableCell: { names: ["align"] },
  tableHeader: { names: ["align"] },
  link: { names: ["title", "target", "rel", "class"] },
  textStyle: { styles: ["color", "background-color", "font-family", "font-size", "line-height"] },
};

/** How new ones look: mail clients know no stylesheet of ours, so it stands in each of them. */
const EDGE = "border: 1px solid #c4c9d4; padding: 6px 8px";
export const FRESH = {
  table: "border-collapse: collapse; width: 100%",
  tableCell: `${EDGE}; vertical-align: top`,
  tableHeader: `${EDGE}; vertical-align: top; text-align: left; background-color: #f1f3f7`,
  blockquote: "margin: 0; padding-left: 12px; border-left: 3px solid #c4c9d4",
  codeBlock: "background-color: #f1f3f7; padding: 12px; white-space: pre-wrap",
  image: "max-width: 100%; height: auto",
} as const;
const TYPES = (
  "paragraph heading bulletList orderedList listItem blockquote codeBlock horizontalRule table tableRow tableCell " +
  "tableHeader image link textStyle"
).split(" ");

type Kept = Record<string, string>;

function keptOf(type: string, element: HTMLElement): Kept {
  const { names = [], styles = [] } = OWNED[type] ?? {};
  const kept: Kept = {};
  for (const name of NAMES) {
    const value = element.getAttribute(name);
    if (value !== null && !names.includes(name)) kept[name] = value;
  }
  const rest = element.ownerDocument.createElement("i").style;
  rest.cssText = element.style.cssText;
  for (const name of styles) rest.removeProperty(name);
  if (rest.length) kept["style"] = rest.cssText;
  return kept;
}

function isFresh(type: string): type is keyof typeof FRESH {
  return Object.hasOwn(FRESH, type);
}

export const KeptAttributes = Extension.create({
  name: "keptAttributes",
  addGlobalAttributes() {
    const kept = TYPES.map((type) => ({
      types: [type],
      attributes: {
        kept: {
          default: isFresh(type) ? { style: FRESH[type] } : {},
          parseHTML: (element: HTMLElement) => keptOf(type, element),
          renderHTML: (attributes: Record<string, unknown>) => attributes["kept"] as Kept,
        },
      },
    }));
    return [...kept, { types: ["listItem", "tableRow", "tableCell", "tableHeader"], attributes: around }];
  },
});

const around = Object.fromEntries(
  (["Before", "After"] as const).map((side) => [
    `liquid${side}`,
    {
      default: null,
      keepOnSplit: false,
      parseHTML: (element: HTMLElement) => element.dataset[`liquid${side}`] ?? null,
      renderHTML: (attributes: Record<string, unknown>) => {
        const liquid = attributes[`liquid${side}`];
        if (typeof liquid !== "string") return {};
        const name = side.toLowerCase();
        return { [`data-liquid-${name}`]: liquid, [`data-label-${name}`]: labelsOf(liquid) };
      },
    },
  ]),
);
