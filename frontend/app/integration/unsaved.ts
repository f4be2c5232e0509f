import { useEffect, useEffectEvent, useMemo, useRef, useState, type Dispatch, type SetStateAction } from "react";
import { useAccounts } from "../api/accounts";
import { useNotices } from "../ui/notices";
import { useIntegration, useStrings } from "./context";

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

/** What is being saved, by its place: until it is, or can't be, by a form that may be gone by now. Never rejected. */
const beingSaved = new Map<string, Promise<void>>();

/**
 * Whose form it is. Null until that is known, and while the same is still being saved by a form that was left: opened once
 * more before the end of that, it would be saved twice.
 */
export function useOwner(place: string): Owner | null {
  const { instance } = useIntegration();
  const { data, isError } = useAccounts();
  const [saving, setSaving] = useState(() => beingSaved.get(place));
  useEffect(() => {
    void saving?.then(() => setSaving(undefined));
  }, [saving]);
  return useMemo(
    () => (!saving && (data || isError) ? [instance, ...(data ?? []).map(({ id }) => id)] : null),
    [saving, data, isError, instance],
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

export function keepUnsaved(place: string, kept: Kept): void {
  try {
    sessionStorage.setItem(`${NAME} ${place}`, JSON.stringify(kept));
  } catch {
    // Full, or not allowed: then it is not kept.
  }
}

/** What somebody else wrote is neither shown nor thrown away. */
export function dropUnsaved(place: string, owner: Owner): void {
  if (readKept(place, owner)) sessionStorage.removeItem(`${NAME} ${place}`);
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
  /** Whether something of it is not saved. */
  dirty: boolean;
  /** Whether something of it is what was kept. */
  restored: boolean;
  /** Whether somebody else has changed the same fields since: saving it takes that away. */
  conflict: boolean;
  /** Saves it by `write`, and gives what that gives. What is typed until then stays, and is not saved yet. */
  save: <W extends Written<Draft>>(write: (sent: Draft) => Promise<W>) => Promise<W>;
  /** It is not wanted any more. */
  forget: () => void;
}

interface Written<Draft> {
  saved: Draft;
  /** Where it is kept from now on: something new has a place of its own once it is saved. */
  place: string;
}

interface Rules<Draft> {
  /** What of a draft may be kept, where it has secrets. */
  fit: (draft: Draft) => Draft;
  /** Fields that mean something only with each other. */
  together: readonly (readonly (keyof Draft)[])[];
}

/**
 * A form's draft that is kept. What comes back is what was changed in it, on what is saved by now: what somebody else, or
 * another page, has changed meanwhile stays as it is. `rules`: the same object each time. Given another place, the draft
 * goes there.
 */
export function useUnsaved<Draft extends object>(
  place: string,
  owner: Owner,
  saved: Draft,
  rules: Rules<Draft>,
): Unsaved<Draft> {
  const [start] = useState(() => {
    const found = readKept(place, owner);
    const merge = found?.base
      ? merged(saved, found.base as Draft, found.draft as Draft, rules)
      : { draft: saved, conflict: false };
    return { ...merge, restored: !same(merge.draft, saved) };
  });
  const [draft, setDraft] = useState<Draft>(start.draft);
  const [conflict, setConflict] = useState(start.conflict);
  const [base, setBase] = useState(saved);
  const [seen, setSeen] = useState(saved);
  const [sending, setSending] = useState<Draft | null>(null);
  const rebase = (from: Draft, onto: Draft) => {
    setBase(onto);
    setDraft((now) => merged(onto, from, now, rules).draft);
  };
  if (!same(seen, saved)) {
    setSeen(saved);
    rebase(sending ?? base, saved);
    if (!sending && merged(saved, base, draft, rules).conflict) setConflict(true);
  }
  const forgotten = useRef(false);
  const before = useRef(place);
  useEffect(() => {
    if (forgotten.current) return;
    if (before.current !== place) dropUnsaved(before.current, owner);
    before.current = place;
    const kept = { owner, draft: rules.fit(draft), base: rules.fit(base) };
    if (!same(kept.draft, kept.base)) keepUnsaved(place, kept);
    else dropUnsaved(place, owner);
  }, [place, owner, draft, base, rules]);
  const dirty = !same(draft, base);
  useAskBeforeLeaving(dirty);
  return {
    draft,
    setDraft,
    dirty,
    restored: start.restored,
    conflict,
    save: (write) => {
      const work = async () => {
        setSending(draft);
        try {
          const written = await write(draft);
          rebase(draft, written.saved);
          setConflict(false);
          // The form may be gone by now.
          const kept = readKept(place, owner);
          dropUnsaved(place, owner);
          const left = merged(written.saved, draft, (kept?.draft ?? draft) as Draft, rules).draft;
          if (!same(left, written.saved)) keepUnsaved(written.place, { owner, draft: left, base: written.saved });
          return written;
        } finally {
          setSending(null);
        }
      };
      const saving = work();
      const end = () => {
        beingSaved.delete(place);
      };
      beingSaved.set(place, saving.then(end, end));
      return saving;
    },
    forget: () => {
      forgotten.current = true;
      dropUnsaved(place, owner);
    },
  };
}

/** Says that something came back, and whether it is at odds with what somebody else has saved since. */
export function useTellUnsaved({ restored, conflict }: { restored: boolean; conflict: boolean }, said: string): void {
  const { common } = useStrings();
  const { notify } = useNotices();
  const tellRestored = useEffectEvent(() => notify({ tone: "calm", text: said }));
  const tellConflict = useEffectEvent(() =>
    notify({ tone: "warn", text: common.conflict, remedy: common.conflictNext }),
  );
  useEffect(() => {
    if (restored) tellRestored();
  }, [restored]);
  useEffect(() => {
    if (conflict) tellConflict();
  }, [conflict]);
}

/** What is saved now, with the fields in which the draft differs from what it was made of. */
function merged<Draft extends object>(
  saved: Draft,
  base: Draft,
  draft: Draft,
  { together }: Rules<Draft>,
): { draft: Draft; conflict: boolean } {
  const differ = (one: Draft, other: Draft, field: keyof Draft) =>
    (together.find((fields) => fields.includes(field)) ?? [field]).some((part) => !same(one[part], other[part]));
  const changed = (Object.keys(saved) as (keyof Draft)[]).filter((field) => differ(draft, base, field));
  return {
    draft: { ...saved, ...Object.fromEntries(changed.map((field) => [field, draft[field]])) },
    conflict: changed.some((field) => differ(saved, base, field) && differ(saved, draft, field)),
  };
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
