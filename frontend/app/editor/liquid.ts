import { InputRule, Node } from "@tiptap/core";

declare module "@tiptap/core" {
  interface Commands<ReturnType> {
    liquid: {
      /** A chip that shows a value: a variable's key, or an expression. */
      insertVariable: (expression: string) => ReturnType;
    };
  }
}

/** What a chip says: the Liquid without its braces. */
export function labelOf(liquid: string): string {
  const verbatim = /^\{%-?\s*(raw|comment)\s*-?%\}([\s\S]*)\{%-?\s*end\1\s*-?%\}$/.exec(liquid);
  if (verbatim) return (verbatim[2] ?? "").trim() || (verbatim[1] ?? "");
  return liquid.replace(/^\{[{%]-?\s*|\s*-?[%}]\}$/g, "");
}

/** What stands around a row or an item, as its badge says it. */
export function labelsOf(liquid: string): string {
  return (liquid.match(/\{\{[\s\S]*?\}\}|\{%[\s\S]*?%\}/g) ?? []).map(labelOf).join(" · ");
}

function kindOf(liquid: string): "variable" | "logic" {
  return liquid.startsWith("{{") ? "variable" : "logic";
}

const attributes = {
  liquid: {
    default: "",
    parseHTML: (element: HTMLElement) => element.dataset["liquid"] ?? "",
    renderHTML: ({ liquid }: { liquid?: string }) => ({
      "data-liquid": liquid ?? "",
      "data-kind": kindOf(liquid ?? ""),
    }),
  },
};

/** Liquid in a line of text, as one word. */
export const LiquidChip = Node.create({
  name: "liquidChip",
  group: "inline",
  inline: true,
  atom: true,
  addAttributes: () => attributes,
  parseHTML: () => [{ tag: "span[data-liquid]", priority: 100 }],
  renderHTML: ({ node, HTMLAttributes }) => ["span", HTMLAttributes, labelOf(String(node.attrs["liquid"]))],
  renderText: ({ node }) => String(node.attrs["liquid"]),
  addCommands() {
    return {
      insertVariable:
        (expression) =>
        ({ commands }) =>
          commands.insertContent([{ type: this.name, attrs: { liquid: `{{ ${expression} }}` } }]),
    };
  },
  addInputRules() {
    return [
      new InputRule({
        find: /(?:\{\{[^{}]+\}\}|\{%[^{}]+%\})$/,
        handler: ({ range, match, chain }) => {
          chain()
            .insertContentAt(range, { type: this.name, attrs: { liquid: match[0] } })
            .run();
        },
      }),
    ];
  },
});

/** Liquid between blocks. */
export const LiquidBlock = Node.create({
  name: "liquidBlock",
  group: "block",
  atom: true,
  addAttributes: () => attributes,
  parseHTML: () => [{ tag: "div[data-liquid]", priority: 100 }],
  renderHTML: ({ node, HTMLAttributes }) => ["div", HTMLAttributes, labelOf(String(node.attrs["liquid"]))],
  renderText: ({ node }) => String(node.attrs["liquid"]),
});
