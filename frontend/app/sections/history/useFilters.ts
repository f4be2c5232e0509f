import { useMemo } from "react";
import { useRouting } from "../../integration/routing";
import { filterPath, readFilters, toQuery, type Chosen, type Period } from "./filters";

/** The filters that stand in the address. `usual`: the period where it says none. */
export function useFilters(place: string, usual?: Period) {
  const { route, navigate } = useRouting();
  const text = route.query.toString();
  const chosen = useMemo(() => readFilters(new URLSearchParams(text), usual), [text, usual]);
  // Made anew with the address alone: a query that changed with the clock would be asked for without end.
  const query = useMemo(() => toQuery(chosen, new Date()), [chosen]);
  /** Replaces some; undefined takes a filter away. */
  const change = (some: { [Name in keyof Chosen]?: Chosen[Name] | undefined }) => {
    navigate(filterPath(place, { ...chosen, ...some }), { replace: true });
  };
  return { chosen, query, change, clear: () => navigate(place, { replace: true }) };
}
