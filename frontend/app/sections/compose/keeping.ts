import type { SendRequest } from "../../api/accounts";
import type { Draft } from "./draft";

/** A send that was asked for and whose answer is not known. Asked again in the same words, it is the same send. */
export interface Attempt {
  key: string;
  body: SendRequest;
}

/** A send that is on record. `due`: when it goes out, in milliseconds of this machine's clock. */
export interface Outgoing {
  id: string;
  due: number;
  /** Scheduled by hand, or only held back for a moment so that it can be undone. */
  scheduled: boolean;
}

export interface Composition {
  draft: Draft;
  attempt: Attempt | null;
  outgoing: Outgoing | null;
}

const NAME = "gmail-integration-compose";

/**
 * What is being written is kept in the tab's own storage: it outlives a reload and a look at another section, and goes
 * with the tab. It is given back only to somebody who has its account: another user of this tab gets an empty form.
 */
export function readComposition(storage: Storage, accounts: readonly string[]): Composition | null {
  try {
    const found = JSON.parse(storage.getItem(NAME) ?? "null") as Composition | null;
    if (!found || !accounts.includes(found.draft.account)) return null;
    // What was being uploaded is gone with the page. It stays in sight: nothing goes out without it unasked.
    const files = found.draft.files.map((file) => (file.id === null ? { ...file, failed: true } : file));
    return { ...found, draft: { ...found.draft, files } };
  } catch {
    return null;
  }
}

/** Keeps what became of an attempt, in its place: not where it was given up since, or somebody else writes. */
export function keepOutcome(storage: Storage, key: string, composition: Composition): void {
  try {
    const found = JSON.parse(storage.getItem(NAME) ?? "null") as Composition | null;
    if (found?.attempt?.key === key) keepComposition(storage, composition);
  } catch {
    // Nothing is kept there.
  }
}

export function keepComposition(storage: Storage, composition: Composition | null): void {
  try {
    if (composition) storage.setItem(NAME, JSON.stringify(composition));
    else storage.removeItem(NAME);
  } catch {
    // Full, or not allowed: then it is not kept.
  }
}
