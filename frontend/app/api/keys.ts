import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useIntegration } from "../integration/context";
import { answer } from "./client";
import type { components } from "./schema";

type Schemas = components["schemas"];
export type Key = Schemas["Key"];
export type NewKey = Schemas["NewKey"];
export type KeyRequest = Schemas["KeyRequest"];
export type KeyScope = Schemas["KeyScope"];

const keys = ["keys"] as const;

/** The API keys, newest first, a page at a time. For users only: a key can't look at keys. */
export function useKeys() {
  const { api } = useIntegration();
  return useInfiniteQuery({
    queryKey: keys,
    queryFn: ({ pageParam, signal }) => {
      const query = pageParam ? { page_token: pageParam } : {};
      return answer(api.GET("/api/gmail/keys/", { params: { query }, signal }));
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next_page_token,
  });
}

/** Answers with the key itself, this once. */
export function useCreateKey() {
  const { api } = useIntegration();
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (body: KeyRequest) => answer(api.POST("/api/gmail/keys/", { body })),
    onSuccess: () => cache.invalidateQueries({ queryKey: keys }),
  });
}

export function useRevokeKey() {
  const { api } = useIntegration();
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => answer(api.DELETE("/api/gmail/keys/{id}/", { params: { path: { id } } })),
    onSettled: () => cache.invalidateQueries({ queryKey: keys }),
  });
}
