import type { Editor } from "@tiptap/core";
import type { Strings } from "../i18n/en";
import type { MenuAction } from "../ui/Menu";

type Texts = Strings["editor"];

export function blockActions(editor: Editor, t: Texts): MenuAction[] {
  const chain = () => editor.chain().focus();
  return [
    { id: "paragraph", label: t.blocks.paragraph, onAction: () => chain().setParagraph().run() },
    ...([1, 2, 3] as const).map((level) => ({
      id: `heading${level}`,
      label: t.blocks[`heading${level}`],
      onAction: () => chain().setHeading({ level }).run(),
    })),
    { id: "codeBlock", label: t.blocks.codeBlock, onAction: () => chain().setCodeBlock().run() },
  ];
}

export function tableActions(editor: Editor, t: Texts, inside: boolean): MenuAction[] {
  const chain = () => editor.chain().focus();
  if (!inside) {
    const insert = () => chain().insertTable({ rows: 3, cols: 3, withHeaderRow: true }).run();
    return [{ id: "insert", label: t.tables.insert, onAction: insert }];
  }
  return [
    { id: "rowAfter", label: t.tables.rowAfter, onAction: () => chain().addRowAfter().run() },
    { id: "rowBefore", label: t.tables.rowBefore, onAction: () => chain().addRowBefore().run() },
    { id: "columnAfter", label: t.tables.columnAfter, onAction: () => chain().addColumnAfter().run() },
    { id: "columnBefore", label: t.tables.columnBefore, onAction: () => chain().addColumnBefore().run() },
    { id: "header", label: t.tables.header, onAction: () => chain().toggleHeaderRow().run() },
    { id: "deleteRow", label: t.tables.deleteRow, onAction: () => chain().deleteRow().run() },
    { id: "deleteColumn", label: t.tables.deleteColumn, onAction: () => chain().deleteColumn().run() },
    { id: "deleteTable", label: t.tables.deleteTable, tone: "danger", onAction: () => chain().deleteTable().run() },
  ];
}
