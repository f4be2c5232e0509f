import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useIntegration } from "../integration/context";
import { answer, type ApiClient } from "./client";
import { refreshAfter, refreshBatchAfter } from "./refreshing";
import type { components, operations } from "./schema";

type Schemas = components["schemas"];
export type Send = Schemas["Send"];
export type SendDetail = Schemas["SendDetail"];
export type SendStatus = Schemas["SendStatus"];
export type SendEvent = Schemas["Event"];
export type Batch = Schemas["Batch"];
export type Retention = Schemas["Retention"];
export type RetentionChange = Schemas["RetentionChange"];
export type Stats = Schemas["Stats"];
export type StatsRow = Stats["stats"][number];
export type SendFilters = Omit<NonNullable<operations["exportSends"]["parameters"]["query"]>, "format">;
export type StatsQuery = NonNullable<operations["countSends"]["parameters"]["query"]>;

const PAGE = 50;

export const sendKeys = {
  all: ["sends"] as const,
  list: (filters: SendFilters) => ["sends", "list", filters] as const,
  one: (id: string) => ["sends", "one", id] as const,
  mime: (id: string) => ["sends", "mime", id] as const,
  stats: (query: StatsQuery) => ["sends", "stats", query] as const,
  settings: ["sends", "settings"] as const,
};

/** The sends that match, newest first, a page at a time. Pages with a send that is about to change come again. */
export function useSends(filters: SendFilters) {
  const { api } = useIntegration();
  return useInfiniteQuery({
    queryKey: sendKeys.list(filters),
    queryFn: ({ pageParam, signal }) => pageOfSends(api, filters, pageParam, signal),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_page_token,
    // A refresh asks for every page that is shown: the more there are, the rarer.
    refetchInterval: ({ state }) => {
      const pages = state.data?.pages ?? [];
      const wait = refreshAfter(
        pages.flatMap((page) => page.sends),
        Date.now(),
      );
      return wait === false ? false : wait * pages.length;
    },
  });
}

/** A page of the API may be empty although more follow: goes on until there is something to show, or no more. */
export async function pageOfSends(
  api: ApiClient,
  filters: SendFilters,
  start: string,
  signal: AbortSignal,
): Promise<Schemas["SendList"]> {
  let token: string | null = start;
  const found: Send[] = [];
  do {
    const query = { ...filters, page_size: PAGE, ...(token ? { page_token: token } : {}) };
    const page: Schemas["SendList"] = await answer(api.GET("/api/gmail/history/", { params: { query }, signal }));
    found.push(...page.sends);
    token = page.next_page_token;
  } while (token && found.length < PAGE / 2);
  return { sends: found, next_page_token: token };
}

/** One send with its events, or one batch with its counts. */
export function useSendOrBatch(id: string) {
  const { api } = useIntegration();
  return useQuery({
    queryKey: sendKeys.one(id),
    queryFn: ({ signal }) =>
      answer(api.GET("/api/gmail/history/{send_id}/", { params: { path: { send_id: id } }, signal })),
    refetchInterval: ({ state: { data } }) => {
      if (!data) return false;
      return isBatch(data) ? refreshBatchAfter(data) : refreshAfter([data], Date.now());
    },
  });
}

export function isBatch(found: SendDetail | Batch): found is Batch {
  return "batch" in found && "total" in found;
}

/** The exact message. It can be large: it is forgotten when nobody looks at it. */
export function useMime(id: string) {
  const { api } = useIntegration();
  return useQuery({
    queryKey: sendKeys.mime(id),
    gcTime: 0,
    staleTime: Infinity,
    refetchOnWindowFocus: false,
    queryFn: async ({ signal }) => {
      const params = { path: { send_id: id }, query: { include: "mime" as const } };
      const found = await answer(api.GET("/api/gmail/history/{send_id}/", { params, signal }));
      return isBatch(found) ? "" : (found.mime ?? "");
    },
  });
}

export function useCancelSend(id: string) {
  const { api } = useIntegration();
  return useChange(() =>
    answer(api.POST("/api/gmail/history/{send_id}/cancel/", { params: { path: { send_id: id } } })),
  );
}

/** A new send that says the same. Asked twice, it is made once. */
export function useResend(id: string) {
  const { api } = useIntegration();
  return useChange(() =>
    answer(api.POST("/api/gmail/history/{send_id}/resend/", { params: { path: { send_id: id } } })),
  );
}

/** `send_at` in RFC 3339; a past one means now. */
export function useMoveSend(id: string) {
  const { api } = useIntegration();
  return useChange((send_at: string) =>
    answer(api.PATCH("/api/gmail/history/{send_id}/", { params: { path: { send_id: id } }, body: { send_at } })),
  );
}

function useChange<Answer, Given = void>(change: (given: Given) => Promise<Answer>) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: change,
    // Refused ones, too: it was too late, and the page shows an old state.
    onSettled: () => cache.invalidateQueries({ queryKey: sendKeys.all }),
  });
}

export function useStats(query: StatsQuery) {
  const { api } = useIntegration();
  return useQuery({
    queryKey: sendKeys.stats(query),
    queryFn: ({ signal }) => answer(api.GET("/api/gmail/history/stats/", { params: { query }, signal })),
    placeholderData: (previous) => previous, // the chart stays while another period is fetched
  });
}

export function useRetention() {
  const { api } = useIntegration();
  return useQuery({
    queryKey: sendKeys.settings,
    queryFn: ({ signal }) => answer(api.GET("/api/gmail/history/settings/", { signal })),
  });
}

export function useKeepFor() {
  const { api } = useIntegration();
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (change: RetentionChange) => answer(api.PUT("/api/gmail/history/settings/", { body: change })),
    onSuccess: (kept) => cache.setQueryData(sendKeys.settings, kept),
  });
}
