import type { components } from "./schema";

type AccountList = components["schemas"]["AccountList"];

/** The answer to a call that was begun before whoever makes it was loaded. It is given once, in one way or the other. */
export interface Early {
  /** Of a call to `url`: what the API answers. */
  answer: (url: string) => Promise<Response> | undefined;
  /** The accounts, where they are there already. */
  accounts: () => AccountList | undefined;
  /** Something is about to change: what was asked for before is old. */
  forget: () => void;
}

/** Entries on a page, at most. */
export const MOST = 500;

/** The page's first call. A test compares it with what the component asks for first. */
export const FIRST = `/api/gmail/accounts/?page_size=${MOST}`;

/** Begins the first call, where the accounts are what is shown first. */
export function askEarly(key: string, hash: string): Early {
  if (!key || !/^#?\/?(accounts\b|$)/.test(hash))
    return { answer: () => undefined, accounts: () => undefined, forget: () => undefined };
  let answer: Promise<Response> | undefined = fetch(FIRST, {
    headers: { Authorization: `Bearer ${key}`, Accept: "application/json" },
  });
  let accounts: AccountList | undefined;
  answer
    .then(async (response) => {
      const found = response.ok ? ((await response.clone().json()) as AccountList) : undefined;
      if (answer) accounts = found; // unless it was given meanwhile
    })
    .catch(() => undefined); // whoever takes the answer hears of it
  const address = new URL(FIRST, location.origin).href;
  const taken = <T>(given: T): T => {
    answer = accounts = undefined;
    return given;
  };
  return {
    answer: (url) => (url === address ? taken(answer) : undefined),
    accounts: () => accounts && taken(accounts),
    forget: () => taken(undefined),
  };
}
