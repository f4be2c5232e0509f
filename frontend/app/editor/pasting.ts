import { Extension, type Editor } from "@tiptap/core";
import { DOMParser } from "@tiptap/pm/model";
import { Plugin } from "@tiptap/pm/state";
import { cleanPaste } from "./paste";
import { droppedFiles } from "../ui/dropped";
import { restoreStyles } from "./source";

interface PastingOptions {
  /** Takes pictures in, at a place or where the cursor is. Without it none are taken. */
  take: ((editor: Editor, files: File[], at?: number) => void) | null;
  /** Takes what can't stand in the text. */
  takeOthers: ((files: File[]) => void) | null;
}

/** What the editor does with what is pasted and dropped: foreign HTML is cleaned, pictures are taken in. */
export const Pasting = Extension.create<PastingOptions>({
  name: "pasting",
  addOptions: () => ({ take: null, takeOthers: null }),
  addProseMirrorPlugins() {
    const { editor } = this;
    const { take, takeOthers } = this.options;
    return [
      new Plugin({
        props: {
          transformPastedHTML: cleanPaste,
          clipboardParser: restoring(DOMParser.fromSchema(editor.schema)),
          handlePaste: (_, event) => {
            const { pictures, others } = filesOf(event.clipboardData);
            // Office programs put a picture of the text beside the text.
            if (event.clipboardData?.getData("text/html") || !(pictures.length || others.length)) return false;
            if (pictures.length) take?.(editor, pictures);
            if (others.length) takeOthers?.(others);
            return true;
          },
          handleDrop: (view, event, _, moved) => {
            const { pictures, others } = filesOf(event.dataTransfer);
            if (moved || !(pictures.length || others.length)) return false;
            // Whether they are taken or not: the browser would leave the page and open them.
            event.preventDefault();
            event.stopPropagation();
            const at = view.posAtCoords({ left: event.clientX, top: event.clientY })?.pos;
            if (pictures.length) take?.(editor, pictures, at);
            if (others.length) takeOthers?.(others);
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

function filesOf(transfer: DataTransfer | null): { pictures: File[]; others: File[] } {
  const files = transfer ? droppedFiles(transfer) : [];
  const isPicture = (file: File) => /^image\/(?:png|jpeg|gif|webp)$/.test(file.type);
  return { pictures: files.filter(isPicture), others: files.filter((file) => !isPicture(file)) };
}
