/** Separators count outside of quotes and angle brackets: "Lovelace, Ada" <ada@example.com> is one address. */
const PARTS = /(?:"[^"]*"?|<[^>]*>?|[^,;\n"<])+/g;
const NAMED = /^(?:"([^"]*)"|([^<]*))\s*<([^<>]*)>$/;
const ADDRESS = /^[^\s@<>()",;:\\[\]]{1,64}@[^\s@.,;<>()[\]]+(?:\.[^\s@.,;<>()[\]]+)+$/;

export function splitAddresses(text: string): string[] {
  const found = text.match(PARTS) ?? [];
  // A separator at the end makes a chip of what stands before it.
  return /[,;\n]\s*$/.test(text) && balanced(text) ? [...found, ""] : found.length ? found : [""];
}

function balanced(text: string): boolean {
  return (text.match(/"/g)?.length ?? 0) % 2 === 0 && text.lastIndexOf("<") <= text.lastIndexOf(">");
}

export interface Recipient {
  email: string;
  name?: string;
}

/** Null where it is no address. What the server refuses besides, it says itself. */
export function readAddress(text: string): Recipient | null {
  const named = NAMED.exec(text.trim());
  const email = (named?.[3] ?? text).trim();
  const name = (named?.[1] ?? named?.[2] ?? "").trim();
  if (!ADDRESS.test(email)) return null;
  return name ? { email, name } : { email };
}
