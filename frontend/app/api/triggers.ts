import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useIntegration } from "../integration/context";
import { answer, type ApiClient } from "./client";
import type { components } from "./schema";

type Schemas = components["schemas"];
export type Trigger = Schemas["Trigger"];
export type TriggerRequest = Schemas["TriggerRequest"];
export type NewTriggerRequest = Schemas["NewTriggerRequest"];
export type TriggerScheme = Schemas["TriggerScheme"];
export type TriggerTest = Schemas["TriggerTest"];
export type TriggerTestRequest = Schemas["TriggerTestRequest"];
export type TriggerRotation = Schemas["TriggerRotationRequest"];
export type RecipientRule = Schemas["RecipientRule"];
export type HmacRules = Schemas["HmacRules"];
export type HookDelivery = Schemas["HookDelivery"];
export type HookDeliveryDetail = Schemas["HookDeliveryDetail"];
export type HookVerdict = Schemas["HookVerdict"];

const MOST = 100; // an owner has no more

export const triggerKeys = {
  all: ["triggers"] as const,
  list: ["triggers", "list"] as const,
  one: (id: string) => ["triggers", "one", id] as const,
  deliveries: (id: string, verdict: HookVerdict | undefined) => ["triggers", "deliveries", id, verdict] as const,
  delivery: (id: string, delivery: string) => ["triggers", "delivery", id, delivery] as const,
};

/** All triggers, newest first. */
export function useTriggers() {
  const { api } = useIntegration();
  return useQuery({
    queryKey: triggerKeys.list,
    queryFn: async ({ signal }) =>
      (await answer(api.GET("/api/gmail/triggers/", { params: { query: { page_size: MOST } }, signal }))).triggers,
  });
}

export function useTrigger(id: string | null) {
  const { api } = useIntegration();
  return useQuery({
    queryKey: triggerKeys.one(id ?? ""),
    enabled: id !== null,
    queryFn: ({ signal }) =>
      answer(api.GET("/api/gmail/triggers/{id}/", { params: { path: { id: id ?? "" } }, signal })),
  });
}

/** Answers with the secret, this once, if none was given. */
export function useCreateTrigger() {
  return useChange((api, body: NewTriggerRequest) => api.POST("/api/gmail/triggers/", { body }));
}

/** Its secrets stay. */
export function useReplaceTrigger(id: string) {
  return useChange((api, body: TriggerRequest) =>
    api.PUT("/api/gmail/triggers/{id}/", { params: { path: { id } }, body }),
  );
}

export function useDeleteTrigger(id: string) {
  const { api } = useIntegration();
  const cache = useQueryClient();
  return useMutation({
    mutationFn: () => answer(api.DELETE("/api/gmail/triggers/{id}/", { params: { path: { id } } })),
    // Not what belongs to it: that would be asked for once more, and is gone.
    onSuccess: () => cache.invalidateQueries({ queryKey: triggerKeys.list }),
  });
}

/** Answers with the newest secret, this once. */
export function useRotateTrigger(id: string) {
  return useChange((api, body: TriggerRotation) =>
    api.POST("/api/gmail/triggers/{id}/secrets/", { params: { path: { id } }, body }),
  );
}

/** What a payload would make. Nothing is sent. */
export function useTestTrigger(id: string) {
  const { api } = useIntegration();
  return useMutation({
    mutationFn: (body: TriggerTestRequest) =>
      answer(api.POST("/api/gmail/triggers/{id}/test/", { params: { path: { id } }, body })),
  });
}

/** The log of a trigger, newest first, a page at a time. */
export function useHookDeliveries(id: string, verdict?: HookVerdict) {
  const { api } = useIntegration();
  return useInfiniteQuery({
    queryKey: triggerKeys.deliveries(id, verdict),
    queryFn: ({ pageParam, signal }) => {
      const query = { ...(verdict ? { verdict } : {}), ...(pageParam ? { page_token: pageParam } : {}) };
      return answer(api.GET("/api/gmail/triggers/{id}/deliveries/", { params: { path: { id }, query }, signal }));
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next_page_token,
  });
}

export function useHookDelivery(id: string, delivery: string) {
  const { api } = useIntegration();
  return useQuery({
    queryKey: triggerKeys.delivery(id, delivery),
    queryFn: ({ signal }) =>
      answer(
        api.GET("/api/gmail/triggers/{id}/deliveries/{delivery}/", { params: { path: { id, delivery } }, signal }),
      ),
  });
}

/** Puts a logged webhook through the trigger as it is now. */
export function useReplay(id: string) {
  return useChange((api, delivery: string) =>
    api.POST("/api/gmail/triggers/{id}/deliveries/{delivery}/replay/", { params: { path: { id, delivery } } }),
  );
}

type Call<T> = Promise<{ data?: T; error?: unknown; response: Response }>;

function useChange<T, Given>(call: (api: ApiClient, given: Given) => Call<T>) {
  const { api } = useIntegration();
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (given: Given) => answer(call(api, given)),
    onSettled: () => cache.invalidateQueries({ queryKey: triggerKeys.all }),
  });
}
