import type { Attachment } from "postal-mime";

export interface SentPart {
  filename: string;
  contentType: string;
  content: Uint8Array<ArrayBuffer>;
  /** Without its brackets; "" where it has none. */
  contentId: string;
  /** Shown inside the HTML, not beside it. */
  isInline: boolean;
}

export interface SentMessage {
  /** "" where there is none. */
  html: string;
  text: string;
  headers: { name: string; value: string }[];
  parts: SentPart[];
}

/** The parser is loaded with the first message. */
export async function parseMessage(mime: string): Promise<SentMessage> {
  const { default: PostalMime } = await import("postal-mime");
  const email = await PostalMime.parse(mime, { attachmentEncoding: "arraybuffer" });
  return {
    html: email.html ?? "",
    text: email.text ?? "",
    headers: email.headers.map(({ originalKey, value }) => ({ name: originalKey, value })),
    parts: email.attachments.map((part) => partOf(part, email.html ?? "")),
  };
}

function partOf(part: Attachment, html: string): SentPart {
  const contentId = (part.contentId ?? "").replace(/^<|>$/g, "");
  return {
    filename: part.filename ?? "",
    contentType: part.mimeType,
    content: new Uint8Array(part.content as ArrayBuffer),
    contentId,
    isInline: contentId !== "" && html.includes(`cid:${contentId}`),
  };
}
