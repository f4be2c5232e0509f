import type { Editor } from "@tiptap/core";

export type Block = "paragraph" | "heading1" | "heading2" | "heading3" | "codeBlock";

const MARKS = [
  "bold",
  "italic",
  "underline",
  "strike",
  "code",
  "link",
  "bulletList",
  "orderedList",
  "blockquote",
] as const;

/** What the toolbar shows about the place of the cursor. */
export function toolbarState(editor: Editor) {
  const marks = Object.fromEntries(MARKS.map((name) => [name, editor.isActive(name)])) as Record<
    (typeof MARKS)[number],
    boolean
  >;
  const level = ([1, 2, 3] as const).find((one) => editor.isActive("heading", { level: one }));
  const { color, backgroundColor } = editor.getAttributes("textStyle") as { color?: string; backgroundColor?: string };
  const block: Block = level ? `heading${level}` : editor.isActive("codeBlock") ? "codeBlock" : "paragraph";
  return {
    marks,
    block,
    align: (["center", "right", "justify"] as const).find((side) => editor.isActive({ textAlign: side })) ?? "left",
    colour: color ?? null,
    background: backgroundColor ?? null,
    inTable: editor.isActive("table"),
    canUndo: editor.can().undo(),
    canRedo: editor.can().redo(),
  };
}
