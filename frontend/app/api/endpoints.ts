import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useIntegration } from "../integration/context";
import { answer } from "./client";
import type { components } from "./schema";

type Schemas = components["schemas"];
export type Endpoint = Schemas["Endpoint"];
export type NewEndpoint = Schemas["NewEndpoint"];
export type EndpointRequest = Schemas["EndpointRequest"];
export type EventType = Schemas["EventType"];
export type Delivery = Schemas["Delivery"];
export type DeliveryDetail = Schemas["DeliveryDetail"];
export type DeliveryStatus = Schemas["DeliveryStatus"];

const PENDING = 3_000; // milliseconds until a delivery that waits is looked at again

export const endpointKeys = {
  all: ["endpoints"] as const,
  list: ["endpoints", "list"] as const,
  one: (id: string) => ["endpoints", "one", id] as const,
  deliveries: (id: string, status: DeliveryStatus | undefined) => ["endpoints", "deliveries", id, status] as const,
  delivery: (id: string, delivery: string) => ["endpoints", "delivery", id, delivery] as const,
};

/** All endpoints, oldest first: an owner has ten at most. */
export function useEndpoints() {
  const { api } = useIntegration();
  return useQuery({
    queryKey: endpointKeys.list,
    queryFn: async ({ signal }) => (await answer(api.GET("/api/gmail/endpoints/", { signal }))).endpoints,
  });
}

export function useEndpoint(id: string) {
  const { api } = useIntegration();
  return useQuery({
    queryKey: endpointKeys.one(id),
    queryFn: ({ signal }) => answer(api.GET("/api/gmail/endpoints/{id}/", { params: { path: { id } }, signal })),
  });
}

/** Answers with the secret, this once. */
export function useCreateEndpoint() {
  const { api } = useIntegration();
  return useChange((body: EndpointRequest) => answer(api.POST("/api/gmail/endpoints/", { body })));
}

export function useReplaceEndpoint(id: string) {
  const { api } = useIntegration();
  return useChange((body: EndpointRequest) =>
    answer(api.PUT("/api/gmail/endpoints/{id}/", { params: { path: { id } }, body })),
  );
}

export function useDeleteEndpoint(id: string) {
  const { api } = useIntegration();
  const cache = useQueryClient();
  return useMutation({
    mutationFn: () => answer(api.DELETE("/api/gmail/endpoints/{id}/", { params: { path: { id } } })),
    // Not what belongs to it: that would be asked for once more, and is gone.
    onSuccess: () => cache.invalidateQueries({ queryKey: endpointKeys.list }),
  });
}

/** A new secret, shown this once; those before it sign for `overlap_seconds` more. */
export function useRotateSecret(id: string) {
  const { api } = useIntegration();
  return useChange((overlap_seconds: number) =>
    answer(api.POST("/api/gmail/endpoints/{id}/secrets/", { params: { path: { id } }, body: { overlap_seconds } })),
  );
}

/** Sends a test now, and says what came back. Takes up to 20 seconds. */
export function useTestEndpoint(id: string) {
  const { api } = useIntegration();
  return useChange(() => answer(api.POST("/api/gmail/endpoints/{id}/test/", { params: { path: { id } } })));
}

/** The log of an endpoint, newest first, a page at a time. */
export function useDeliveries(id: string, status: DeliveryStatus | undefined) {
  const { api } = useIntegration();
  return useInfiniteQuery({
    queryKey: endpointKeys.deliveries(id, status),
    queryFn: ({ pageParam, signal }) => {
      const query = { ...(status ? { status } : {}), ...(pageParam ? { page_token: pageParam } : {}) };
      const params = { path: { id }, query };
      return answer(api.GET("/api/gmail/endpoints/{id}/deliveries/", { params, signal }));
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next_page_token,
    refetchInterval: ({ state }) => {
      const pages = state.data?.pages ?? [];
      return pages.some((page) => page.deliveries.some(waits)) && PENDING * pages.length;
    },
  });
}

export function useDelivery(id: string, delivery: string) {
  const { api } = useIntegration();
  return useQuery({
    queryKey: endpointKeys.delivery(id, delivery),
    queryFn: ({ signal }) =>
      answer(
        api.GET("/api/gmail/endpoints/{id}/deliveries/{delivery}/", { params: { path: { id, delivery } }, signal }),
      ),
    refetchInterval: ({ state }) => state.data !== undefined && waits(state.data) && PENDING,
  });
}

export function useRedeliver(id: string) {
  const { api } = useIntegration();
  return useChange((delivery: string) =>
    answer(
      api.POST("/api/gmail/endpoints/{id}/deliveries/{delivery}/redeliver/", { params: { path: { id, delivery } } }),
    ),
  );
}

function waits(delivery: Delivery): boolean {
  return delivery.status === "pending";
}

function useChange<Answer, Given = void>(change: (given: Given) => Promise<Answer>) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSettled: () => cache.invalidateQueries({ queryKey: endpointKeys.all }),
  });
}
