import type { Address } from "postal-mime";

/** What of a message its writer looks at. Its own pictures are put into the HTML. The parser is loaded when needed. */
export async function readMessage(mime: string) {
  const { default: PostalMime } = await import("postal-mime");
  const found = await PostalMime.parse(mime, { attachmentEncoding: "base64" });
  let html = found.html ?? "";
  const beside: string[] = [];
  for (const { contentId, mimeType, content, filename } of found.attachments) {
    const id = contentId?.replace(/^<|>$/g, "");
    if (id && html.includes(`cid:${id}`))
      html = html.replaceAll(`cid:${id}`, `data:${mimeType};base64,${content as string}`);
    else beside.push(filename ?? mimeType);
  }
  const headers: [string, string][] = [
    ["From", found.from ? written(found.from) : ""],
    ["To", list(found.to)],
    ["Cc", list(found.cc)],
    ["Bcc", list(found.bcc)],
    ["Subject", found.subject ?? ""],
  ];
  return { html, text: found.text ?? "", attachments: beside, headers: headers.filter(([, value]) => value) };
}

function list(addresses: Address[] | undefined): string {
  return (addresses ?? []).map(written).join(", ");
}

function written({ name, address }: Address): string {
  return name ? `${name} <${address ?? ""}>` : (address ?? "");
}
