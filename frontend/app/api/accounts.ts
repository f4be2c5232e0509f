import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useIntegration } from "../integration/context";
import { answer, idempotencyKey, type ApiClient } from "./client";
import { MOST } from "./early";
import type { components } from "./schema";

type Schemas = components["schemas"];
export type Account = Schemas["Account"];
export type AccountDetail = Schemas["AccountDetail"];
export type AccountChange = Schemas["AccountChange"];
export type SendRequest = Schemas["SendRequest"];

/** Where the answers of each resource are kept; whatever changes one invalidates from here. */
export const accountKeys = {
  all: ["accounts"] as const,
  list: ["accounts", "list"] as const,
  one: (id: string) => ["accounts", "one", id] as const,
};

/** All accounts, oldest connection first. */
export function useAccounts() {
  const { api } = useIntegration();
  return useQuery({
    queryKey: accountKeys.list,
    queryFn: async ({ signal }) => {
      const found: Account[] = [];
      let token: string | null = "";
      while (token !== null) {
        const query = { page_size: MOST, ...(token ? { page_token: token } : {}) };
        const page: Schemas["AccountList"] = await answer(
          api.GET("/api/gmail/accounts/", { params: { query }, signal }),
        );
        found.push(...page.accounts);
        token = page.next_page_token;
      }
      return found;
    },
  });
}

/** One account with its aliases and what it may still send. */
export function useAccount(id: string) {
  const { api } = useIntegration();
  return useQuery({
    queryKey: accountKeys.one(id),
    queryFn: ({ signal }) => answer(api.GET("/api/gmail/accounts/{id}/", { params: { path: { id } }, signal })),
  });
}

export function useChangeAccount(id: string) {
  const { api } = useIntegration();
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (change: AccountChange) =>
      answer(api.PATCH("/api/gmail/accounts/{id}/", { params: { path: { id } }, body: change })),
    onSuccess: (account) => {
      cache.setQueryData(accountKeys.one(id), account);
      return cache.invalidateQueries({ queryKey: accountKeys.all });
    },
  });
}

export function useDisconnectAccount() {
  const { api } = useIntegration();
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => answer(api.DELETE("/api/gmail/accounts/{id}/", { params: { path: { id } } })),
    onSuccess: async (_, id) => {
      cache.setQueryData<Account[]>(accountKeys.list, (found) => found?.filter((account) => account.id !== id));
      cache.removeQueries({ queryKey: accountKeys.one(id) });
      await Promise.all([
        cache.invalidateQueries({ queryKey: accountKeys.list }), // another one is the default now
        cache.invalidateQueries({ queryKey: ["sends"] }), // its sends are cancelled
      ]);
    },
  });
}

/** How many sends of an account wait to go out: what disconnecting cancels. More than 500 of a kind count as 500. */
export function useWaitingSends(account: string) {
  const { api } = useIntegration();
  return useQuery({
    queryKey: ["waiting-sends", account],
    gcTime: 0,
    queryFn: async ({ signal }) => {
      const counts = await Promise.all(
        (["scheduled", "queued"] as const).map((status) => countSends(api, account, status, signal)),
      );
      return counts.reduce((sum, one) => sum + one, 0);
    },
  });
}

async function countSends(
  api: ApiClient,
  account: string,
  status: "scheduled" | "queued",
  signal: AbortSignal,
): Promise<number> {
  const query = { account, status, page_size: MOST };
  return (await answer(api.GET("/api/gmail/history/", { params: { query }, signal }))).sends.length;
}

/** Sends one message. Each call of `mutate` is one send, however often the connection breaks. */
export function useSend() {
  const { api } = useIntegration();
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (body: SendRequest) =>
      answer(api.POST("/api/gmail/send/", { params: { header: { "Idempotency-Key": idempotencyKey() } }, body })),
    onSettled: () =>
      Promise.all([
        cache.invalidateQueries({ queryKey: ["sends"] }),
        cache.invalidateQueries({ queryKey: accountKeys.all }),
      ]),
  });
}
