import { useEffect, useMemo, useRef, useState, type Dispatch, type SetStateAction } from "react";
import { useAccounts } from "../api/accounts";
import { useIntegration } from "./context";

const NAME = "gmail-integration-unsaved";

/**
 * What is written in a form and not saved is kept in the tab's own storage: it outlives a look at another section, a reload
 * and a new sign-in, and goes with the tab. Who is here says who gets it back: this component, and later on somebody who has
 * one of the same accounts. Another user of this tab gets an empty form.
 */
export type Owner = readonly string[];

interface Kept {
  owner: Owner;
  draft: unknown;
  /** What the draft was made of, where that may change meanwhile. */
  base?: unknown;
}

/** Null until it is known. */
export function useOwner(): Owner | null {
  const { instance } = useIntegration();
  const { data, isError } = useAccounts();
  return useMemo(
    () => (data || isError ? [instance, ...(data ?? []).map(({ id }) => id)] : null),
    [data, isError, instance],
  );
}

/** As it was kept, or null. */
export function readUnsaved(place: string, owner: Owner): unknown {
  return readKept(place, owner)?.draft ?? null;
}

function readKept(place: string, owner: Owner): Kept | null {
  try {
    const found = JSON.parse(sessionStorage.getItem(`${NAME} ${place}`) ?? "null") as Kept | null;
    return found?.owner.some((one) => owner.includes(one)) ? found : null;
  } catch {
    return null;
  }
}

/** Null takes away what is this owner's; what somebody else wrote is neither shown nor thrown away. */
export function keepUnsaved(place: string, owner: Owner, draft: object | null, base?: object): void {
  try {
    const kept: Kept = { owner, draft, ...(base ? { base } : {}) };
    if (draft) sessionStorage.setItem(`${NAME} ${place}`, JSON.stringify(kept));
    else if (readKept(place, owner)) sessionStorage.removeItem(`${NAME} ${place}`);
  } catch {
    // Full, or not allowed: then it is not kept.
  }
}

export function useAskBeforeLeaving(dirty: boolean): void {
  useEffect(() => {
    if (!dirty) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => {
      window.removeEventListener("beforeunload", ask);
    };
  }, [dirty]);
}

interface Unsaved<Draft> {
  draft: Draft;
  setDraft: Dispatch<SetStateAction<Draft>>;
  /** Whether something of it is what was kept. */
  restored: boolean;
  /** It is saved, or not wanted any more. */
  forget: () => void;
}

interface Rules<Draft> {
  /** What of a draft may be kept, where it has secrets. */
  fit: (draft: Draft) => Draft;
  /** Fields that mean something only with each other. */
  together: readonly (readonly (keyof Draft)[])[];
}

/**
 * A form's draft that is kept. What comes back is what was changed in it, on what is saved by now: what somebody else, or
 * another page, has changed meanwhile stays as it is. `rules`: the same object each time.
 */
export function useUnsaved<Draft extends object>(
  place: string,
  owner: Owner,
  saved: Draft,
  rules: Rules<Draft>,
): Unsaved<Draft> {
  const [start] = useState(() => {
    const found = readKept(place, owner);
    const draft = found?.base ? merged(saved, found.base as Draft, found.draft as Draft, rules.together) : saved;
    return { draft, restored: !same(draft, saved) };
  });
  const [draft, setDraft] = useState<Draft>(start.draft);
  const [base, setBase] = useState(saved);
  if (!same(base, saved)) {
    setBase(saved);
    setDraft((now) => merged(saved, base, now, rules.together));
  }
  const forgotten = useRef(false);
  useEffect(() => {
    if (forgotten.current) return;
    const [kept, from] = [rules.fit(draft), rules.fit(base)];
    keepUnsaved(place, owner, same(kept, from) ? null : kept, from);
  }, [place, owner, draft, base, rules]);
  useAskBeforeLeaving(!same(draft, base));
  return {
    draft,
    setDraft,
    restored: start.restored,
    forget: () => {
      forgotten.current = true;
      keepUnsaved(place, owner, null);
    },
  };
}

/** What is saved now, with the fields in which the draft differs from what it was made of. */
function merged<Draft extends object>(
  saved: Draft,
  base: Draft,
  draft: Draft,
  together: Rules<Draft>["together"],
): Draft {
  const differs = (field: keyof Draft) => !same(draft[field], base[field]);
  const changed = (Object.keys(saved) as (keyof Draft)[]).filter((field) =>
    (together.find((fields) => fields.includes(field)) ?? [field]).some(differs),
  );
  return { ...saved, ...Object.fromEntries(changed.map((field) => [field, draft[field]])) };
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
