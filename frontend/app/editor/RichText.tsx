import { EditorContent, useEditor, type Editor } from "@tiptap/react";
import { useEffect, useId, useRef, useState } from "react";
import { useStrings } from "../integration/context";
import fields from "../ui/fields.module.css";
import { extensions } from "./extensions";
import { readHtml, writeHtml } from "./html";
import { Pasting } from "./pasting";
import type { ShowPicture } from "./picture";
import { Toolbar } from "./Toolbar";
import styles from "./editor.module.css";

export interface RichTextProps {
  label: string;
  /** HTML; what `onChange` gave last changes nothing. */
  value: string;
  /** `text` is the same for those who read no HTML. */
  onChange: (html: string, text: string) => void;
  /** Names that can be put in, as chips. Without them, braces are text like any other. */
  variables?: readonly string[];
  /** Takes a picture in, and answers with the content id that the message will have it under; null where it can't. */
  onPicture?: (file: File) => Promise<string | null>;
  showPicture?: ShowPicture;
  /** Takes other files, that were dropped or pasted here; without it nothing comes of them. */
  onFiles?: (files: File[]) => void;
  placeholder?: string;
  error?: string | undefined;
}

/** Writes a message as it will look. Load it lazily: it is larger than all the rest. */
export default function RichText(props: RichTextProps) {
  const { label, value, variables, onPicture, placeholder, error } = props;
  const t = useStrings().editor;
  const liquid = variables !== undefined;
  const id = useId();
  const frame = useRef<HTMLDivElement>(null);
  const written = useRef(value);
  const latest = useRef(props);
  useEffect(() => {
    latest.current = props;
  });
  // Made once: what it calls later is the latest that was given, and nothing of it is read while rendering.
  // eslint-disable-next-line react-hooks/refs
  const [options] = useState(() => ({
    extensions: [
      ...extensions({
        liquid,
        showPicture: (contentId) => latest.current.showPicture?.(contentId) ?? null,
        ...(placeholder ? { placeholder } : {}),
      }),
      Pasting.configure({
        take: onPicture
          ? (editor: Editor, files: File[], at?: number) =>
              void insertPictures(editor, files, latest.current.onPicture, at)
          : null,
        takeOthers: (files: File[]) => latest.current.onFiles?.(files),
      }),
    ],
    content: readHtml(value, { liquid }),
    injectCSS: false,
    editorProps: {
      attributes: { role: "textbox", "aria-multiline": "true", "aria-label": label, class: styles["content"] ?? "" },
    },
    onUpdate: ({ editor }: { editor: Editor }) => {
      written.current = writeHtml(editor.getJSON(), { liquid });
      latest.current.onChange(written.current, editor.getText({ blockSeparator: "\n\n" }));
    },
  }));
  const editor = useEditor(options);
  useEffect(() => {
    if (value === written.current) return;
    written.current = value;
    editor.commands.setContent(readHtml(value, { liquid }), { emitUpdate: false });
  }, [editor, value, liquid]);
  useEffect(() => {
    const element = frame.current?.querySelector("[role=textbox]");
    element?.setAttribute("aria-invalid", String(Boolean(error)));
    if (error) element?.setAttribute("aria-describedby", id);
    else element?.removeAttribute("aria-describedby");
  }, [error, id]);
  return (
    <div className={fields["field"]}>
      <span className={fields["label"]} aria-hidden>
        {label}
      </span>
      <div ref={frame} className={styles["frame"]} data-invalid={Boolean(error) || undefined}>
        <Toolbar
          editor={editor}
          label={t.toolbar(label)}
          {...(variables ? { variables } : {})}
          {...(onPicture ? { onPictures: (files: File[]) => void insertPictures(editor, files, onPicture) } : {})}
        />
        <EditorContent editor={editor} />
      </div>
      {error && (
        <span id={id} className={fields["error"]}>
          {error}
        </span>
      )}
    </div>
  );
}

async function insertPictures(
  editor: Editor,
  files: readonly File[],
  take: RichTextProps["onPicture"],
  at?: number,
): Promise<void> {
  for (const file of files) {
    const contentId = await take?.(file);
    if (!contentId || editor.isDestroyed) continue;
    const picture = { type: "image", attrs: { src: `cid:${contentId}`, alt: file.name.replace(/\.\w+$/, "") } };
    if (at === undefined) editor.chain().focus().insertContent(picture).run();
    else editor.chain().focus().insertContentAt(Math.min(at, editor.state.doc.content.size), picture).run();
  }
}
