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
  try {
    const found = JSON.parse(sessionStorage.getItem(`${NAME} ${place}`) ?? "null") as Kept | null;
    return found?.owner.some((one) => owner.includes(one)) ? found.draft : null;
  } catch {
    return null;
  }
}

export function keepUnsaved(place: string, owner: Owner, draft: object | null): void {
  try {
    const kept: Kept = { owner, draft };
    if (draft) sessionStorage.setItem(`${NAME} ${place}`, JSON.stringify(kept));
    else sessionStorage.removeItem(`${NAME} ${place}`);
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
  /** Whether it is what was kept. */
  restored: boolean;
  /** It is saved, or not wanted any more. */
  forget: () => void;
}

/** A form's draft that is kept. `fit`: what of it may be, where it has secrets; the same function each time. */
export function useUnsaved<Draft extends object>(
  place: string,
  owner: Owner,
  saved: Draft,
  fit: (draft: Draft) => Draft,
): Unsaved<Draft> {
  const [found] = useState(() => readUnsaved(place, owner) as Draft | null);
  const [draft, setDraft] = useState<Draft>(found ?? saved);
  const forgotten = useRef(false);
  // Whether what lies there is this form's: what somebody else wrote is neither shown nor thrown away.
  const own = useRef(found !== null);
  const was = JSON.stringify(fit(saved));
  useEffect(() => {
    const kept = fit(draft);
    const changed = JSON.stringify(kept) !== was;
    if (forgotten.current || !(changed || own.current)) return;
    own.current = true;
    keepUnsaved(place, owner, changed ? kept : null);
  }, [place, owner, draft, was, fit]);
  useAskBeforeLeaving(JSON.stringify(draft) !== JSON.stringify(saved));
  return {
    draft,
    setDraft,
    restored: found !== null,
    forget: () => {
      forgotten.current = true;
      keepUnsaved(place, owner, null);
    },
  };
}
