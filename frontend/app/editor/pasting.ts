import { Extension, type Editor } from "@tiptap/core";
import { DOMParser } from "@tiptap/pm/model";
import { Plugin } from "@tiptap/pm/state";
import { cleanPaste } from "./paste";
import { restoreStyles } from "./source";

interface PastingOptions {
  /** Takes pictures in, at a place or where the cursor is. Without it they are left to the browser, which drops them. */
  take: ((editor: Editor, files: File[], at?: number) => void) | null;
}

/** What the editor does with what is pasted and dropped: foreign HTML is cleaned, pictures are taken in. */
export const Pasting = Extension.create<PastingOptions>({
  name: "pasting",
  addOptions: () => ({ take: null }),
  addProseMirrorPlugins() {
    const { editor } = this;
    const { take } = this.options;
    return [
      new Plugin({
        props: {
          transformPastedHTML: cleanPaste,
          clipboardParser: restoring(DOMParser.fromSchema(editor.schema)),
          handlePaste: (_, event) => {
            const files = picturesOf(event.clipboardData);
            // Office programs put a picture of the text beside the text.
            if (!take || !files.length || event.clipboardData?.getData("text/html")) return false;
            take(editor, files);
            return true;
          },
          handleDrop: (view, event, _, moved) => {
            const files = picturesOf(event.dataTransfer);
            if (!take || moved || !files.length) return false;
            event.preventDefault();
            event.stopPropagation();
            take(editor, files, view.posAtCoords({ left: event.clientX, top: event.clientY })?.pos);
            return true;
          },
        },
      }),
    ];
  },
});

/** With the styles that cleanPaste has parked. */
function restoring(parser: DOMParser): DOMParser {
  const made = Object.create(parser) as DOMParser;
  made.parseSlice = (dom, options) => {
    restoreStyles(dom as HTMLElement);
    return parser.parseSlice(dom, options);
  };
  return made;
}

function picturesOf(transfer: DataTransfer | null): File[] {
  return [...(transfer?.files ?? [])].filter((file) => /^image\/(?:png|jpeg|gif|webp)$/.test(file.type));
}
