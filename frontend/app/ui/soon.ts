import { useEffect } from "react";

const LATEST = 2_000; // milliseconds

/** Loads what will be wanted, once the browser has nothing better to do. `load` is the same function each time. */
export function useSoon(load: () => Promise<unknown>): void {
  useEffect(() => {
    const begin = () => {
      load().catch(() => undefined); // it is asked for again, and said, when it is wanted
    };
    // Safari has no idle callbacks.
    if (!("requestIdleCallback" in globalThis)) {
      const timer = setTimeout(begin, LATEST);
      return () => {
        clearTimeout(timer);
      };
    }
    const handle = requestIdleCallback(begin, { timeout: LATEST });
    return () => {
      cancelIdleCallback(handle);
    };
  }, [load]);
}
