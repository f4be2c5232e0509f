import { createContext, use, useCallback, useMemo, useState, useSyncExternalStore, type ReactNode } from "react";

/**
 * Where one is: "/history/snd_1?status=failed" is section "history", rest ["snd_1"] and a query.
 * The console keeps it in the address behind "#"; inside another application it is kept in memory, because the address
 * is the application's.
 */
export interface Route {
  section: string;
  rest: readonly string[];
  query: URLSearchParams;
}

interface Routing {
  route: Route;
  navigate: (to: string, options?: { replace?: boolean }) => void;
  /** For links; undefined where places have no address. */
  href: (to: string) => string | undefined;
}

const RoutingContext = createContext<Routing | null>(null);

export function useRouting(): Routing {
  const found = use(RoutingContext);
  if (!found) throw new Error("There is no route outside <GmailIntegration>.");
  return found;
}

export function parseRoute(path: string): Route {
  const [place = "", query = ""] = path.split("?", 2);
  const [section = "", ...rest] = place.split("/").filter(Boolean).map(decoded);
  return { section, rest, query: new URLSearchParams(query) };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function HashRouting({ children }: { children: ReactNode }) {
  const path = useSyncExternalStore(
    subscribe,
    () => location.hash.slice(1),
    () => "",
  );
  const navigate = useCallback<Routing["navigate"]>((to, options) => {
    if (options?.replace) {
      history.replaceState(history.state, "", `#${to}`);
      window.dispatchEvent(new HashChangeEvent("hashchange"));
    } else location.hash = to;
  }, []);
  const value = useMemo(
    () => ({ route: parseRoute(path), navigate, href: (to: string) => `#${to}` }),
    [path, navigate],
  );
  return <RoutingContext value={value}>{children}</RoutingContext>;
}

export function MemoryRouting({ children, start = "" }: { children: ReactNode; start?: string }) {
  const [path, setPath] = useState(start);
  const value = useMemo(
    () => ({ route: parseRoute(path), navigate: (to: string) => setPath(to), href: () => undefined }),
    [path],
  );
  return <RoutingContext value={value}>{children}</RoutingContext>;
}

function subscribe(changed: () => void): () => void {
  window.addEventListener("hashchange", changed);
  return () => {
    window.removeEventListener("hashchange", changed);
  };
}
