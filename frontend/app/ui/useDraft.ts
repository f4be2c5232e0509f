import { useEffect, useEffectEvent, useState } from "react";

const PAUSE = 400; // milliseconds without a key

/** A text that is typed, and handed on when the typing pauses. What comes from outside replaces it. */
export function useDraft(value: string, give: (text: string) => void): [string, (text: string) => void] {
  const [draft, setDraft] = useState(value);
  const [known, setKnown] = useState(value);
  if (known !== value) {
    setKnown(value);
    // Its own text comes back without the space behind it: then more is being typed.
    if (draft.trim() !== value) setDraft(value);
  }
  const settle = useEffectEvent(() => {
    if (draft.trim() !== value) give(draft.trim());
  });
  useEffect(() => {
    const timer = setTimeout(settle, PAUSE);
    return () => clearTimeout(timer);
  }, [draft]);
  return [draft, setDraft];
}
