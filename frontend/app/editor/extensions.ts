import { type Extensions } from "@tiptap/core";
import { Table, TableCell, TableHeader, TableRow } from "@tiptap/extension-table";
import { TextAlign } from "@tiptap/extension-text-align";
import { TextStyleKit } from "@tiptap/extension-text-style";
import { Placeholder } from "@tiptap/extensions";
import { StarterKit } from "@tiptap/starter-kit";
import { KeptAttributes } from "./kept";
import { LiquidBlock, LiquidChip } from "./liquid";
import { Picture, type ShowPicture } from "./picture";

export interface EditorFeatures {
  /** Whether Liquid means something: in templates. */
  liquid: boolean;
  showPicture?: ShowPicture;
  placeholder?: string;
}

/** Addresses that a mail may link to; a place in it; or what a variable says. */
export function isLinkAddress(address: string): boolean {
  return /^(?:https?:\/\/\S|mailto:\S|tel:\S|#|\{\{)/i.test(address.trim());
}

export function extensions({ liquid, showPicture, placeholder }: EditorFeatures): Extensions {
  return [
    StarterKit.configure({
      link: {
        openOnClick: false,
        defaultProtocol: "https",
        isAllowedUri: (address) => isLinkAddress(address) || /^(?:www\.)?[\w-]+(?:\.[\w-]+)+(?:[/?#]|$)/.test(address),
        HTMLAttributes: { target: null, rel: null, class: null },
      },
      trailingNode: false,
    }),
    // Nested spans stay nested; merging them would set style attributes, which the page's policy forbids.
    TextStyleKit.configure({ textStyle: { mergeNestedSpanStyles: false } }),
    TextAlign.configure({ types: ["heading", "paragraph"] }),
    // Without the widths of columns that the editor would write.
    Table.extend({ renderHTML: ({ HTMLAttributes }) => ["table", HTMLAttributes, ["tbody", 0]] }),
    TableRow,
    TableHeader,
    TableCell,
    Picture.configure({ inline: true, ...(showPicture ? { show: showPicture } : {}) }),
    ...(placeholder ? [Placeholder.configure({ placeholder })] : []),
    ...(liquid ? [LiquidChip, LiquidBlock] : []),
    KeptAttributes,
  ];
}
