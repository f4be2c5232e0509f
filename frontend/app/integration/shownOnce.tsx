import { createContext, use, useCallback, useState, type ReactNode } from "react";
import { useAskBeforeLeaving } from "./unsaved";

type Shown = (close: () => void) => ReactNode;

const ShownOnceContext = createContext<((shown: Shown) => void) | null>(null);

/**
 * For what the server tells only once, such as a secret: it is shown over whatever is there by then, also where the form
 * that asked for it is gone, until it is put away.
 */
export function useShowOnce(): (shown: Shown) => void {
  const found = use(ShownOnceContext);
  if (!found) throw new Error("Nothing is shown once outside <GmailIntegration>.");
  return found;
}

export function ShownOnce({ children }: { children: ReactNode }) {
  const [waiting, setWaiting] = useState<readonly Shown[]>([]);
  const show = useCallback((shown: Shown) => setWaiting((before) => [...before, shown]), []);
  useAskBeforeLeaving(waiting.length > 0);
  return (
    <ShownOnceContext value={show}>
      {children}
      {waiting[0]?.(() => setWaiting(waiting.slice(1)))}
    </ShownOnceContext>
  );
}
