import { Image, type ImageOptions } from "@tiptap/extension-image";
import { PARKED_SOURCE } from "./source";

/** A `data:` URL for a picture that comes with the message, by its content id; null where there is none. */
export type ShowPicture = (contentId: string) => string | null;

interface PictureOptions extends ImageOptions {
  show: ShowPicture;
}

/**
 * Pictures that come with the message are shown. Those that lie elsewhere are not loaded: looking at a message must tell
 * nobody; a frame with their description stands for them. The source is parked, because the editor draws its nodes in the
 * page without this view, too, when it is taken down.
 */
export const Picture = Image.extend<PictureOptions>({
  addOptions() {
    const parent = this.parent?.() as ImageOptions;
    return { ...parent, allowBase64: true, show: () => null };
  },
  addAttributes() {
    return {
      ...this.parent?.(),
      src: {
        default: null,
        parseHTML: (element: HTMLElement) => element.getAttribute(PARKED_SOURCE) ?? element.getAttribute("src"),
        renderHTML: ({ src }: { src?: string | null }) => (src ? { [PARKED_SOURCE]: src } : {}),
      },
    };
  },
  parseHTML: () => [{ tag: `img[src], img[${PARKED_SOURCE}]` }],
  addNodeView() {
    const { show } = this.options;
    return ({ node }) => {
      const source = String(node.attrs["src"] ?? "");
      const alt = String(node.attrs["alt"] ?? "");
      const url = source.startsWith("cid:") ? show(source.slice(4)) : source.startsWith("data:image/") ? source : null;
      if (url) {
        const dom = document.createElement("img");
        dom.src = url;
        dom.alt = alt;
        const width = Number(node.attrs["width"]);
        if (width) dom.style.width = `${width}px`;
        return { dom };
      }
      const dom = document.createElement("span");
      dom.dataset["picture"] = "";
      dom.setAttribute("role", "img");
      dom.setAttribute("aria-label", alt || source);
      dom.textContent = alt || source;
      return { dom };
    };
  },
});
