import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useIntegration } from "../integration/context";
import { answer } from "./client";
import type { components } from "./schema";

type Schemas = components["schemas"];
export type Suppression = Schemas["Suppression"];
export type SuppressionReason = Schemas["SuppressionReason"];
export type SuppressionRequest = Schemas["SuppressionRequest"];
export type SuppressionImport = Schemas["SuppressionImport"];
export interface SuppressionFilters {
  reason?: SuppressionReason;
  /** A whole address: the entry of exactly this one. */
  address?: string;
}

export const suppressionKeys = {
  all: ["suppressions"] as const,
  list: (filters: SuppressionFilters) => ["suppressions", "list", filters] as const,
};

/** Who gets no more mail, newest first, a page at a time. */
export function useSuppressions(filters: SuppressionFilters) {
  const { api } = useIntegration();
  return useInfiniteQuery({
    queryKey: suppressionKeys.list(filters),
    queryFn: ({ pageParam, signal }) => {
      const query = { ...filters, ...(pageParam ? { page_token: pageParam } : {}) };
      return answer(api.GET("/api/gmail/suppressions/", { params: { query }, signal }));
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next_page_token,
  });
}

export function useAddSuppression() {
  const { api } = useIntegration();
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (body: SuppressionRequest) => answer(api.POST("/api/gmail/suppressions/", { body })),
    onSuccess: () => cache.invalidateQueries({ queryKey: suppressionKeys.all }),
  });
}

export interface SuppressionFile {
  type: "text/csv" | "application/x-ndjson";
  content: string | Blob;
}

/** Takes all rows, or none where one is wrong: the problem's `errors` name the lines. */
export function useImportSuppressions() {
  const { api } = useIntegration();
  const cache = useQueryClient();
  return useMutation({
    mutationFn: async ({ type, content }: SuppressionFile) => {
      const call = api.POST("/api/gmail/suppressions/", {
        body: content as string,
        bodySerializer: (body) => body as unknown as string,
        headers: { "Content-Type": type },
      });
      return (await answer(call)) as SuppressionImport;
    },
    onSuccess: () => cache.invalidateQueries({ queryKey: suppressionKeys.all }),
  });
}

export function useRemoveSuppression() {
  const { api } = useIntegration();
  const cache = useQueryClient();
  return useMutation({
    // By id: an address may have a slash in it.
    mutationFn: (id: string) =>
      answer(api.DELETE("/api/gmail/suppressions/{address}/", { params: { path: { address: id } } })),
    onSettled: () => cache.invalidateQueries({ queryKey: suppressionKeys.all }),
  });
}
