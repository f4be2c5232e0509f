const KEY = "gmail-integration-key"; // in sessionStorage: for this tab only

export function storedKey(): string {
  return sessionStorage.getItem(KEY) ?? "";
}

export function storeKey(key: string): void {
  if (key) sessionStorage.setItem(KEY, key);
  else sessionStorage.removeItem(KEY);
}

/** What can stand in a header. Anything else is no key. */
export function looksLikeKey(key: string): boolean {
  return /^[\x21-\x7e]+$/.test(key);
}

/** The key that the printed link brings in the fragment, which browsers send to no server; it leaves the address at once. */
export function keyFromAddress(): string {
  const key = new URLSearchParams(location.hash.slice(1)).get("key") ?? "";
  if (key) history.replaceState(null, "", location.pathname + location.search);
  return key;
}

export interface Session {
  /** "" where there is none. */
  key: string;
  refused: boolean;
}

/** Whose page this is, by the address or what this tab has kept. */
export function start(): Session {
  const given = keyFromAddress();
  if (given) storeKey(given);
  const key = given || storedKey();
  return key && !looksLikeKey(key) ? { key: "", refused: true } : { key, refused: false };
}
