import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useIntegration } from "../integration/context";
import { accountKeys } from "./accounts";
import { answer } from "./client";

/** The link to Google's page. Opened there, it ends at `returnTo`. */
export function useAuthorize() {
  const { api, returnTo } = useIntegration();
  return useMutation({
    mutationFn: async (expectedEmail: string | undefined) => {
      const query = { return_to: returnTo, ...(expectedEmail ? { expected_email: expectedEmail } : {}) };
      // With credentials, so that the cookie that binds the sign-in to this browser is kept on another origin, too.
      const call = api.GET("/api/gmail/authorize/", { params: { query }, credentials: "include" });
      return (await answer(call)).authorization_url;
    },
  });
}

/** Connects what Google granted, where the browser dropped the cookie on the way. */
export function useConfirmConnection() {
  const { api } = useIntegration();
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (pending: string) => answer(api.POST("/api/gmail/oauth2callback/", { body: { pending } })),
    onSuccess: () => cache.invalidateQueries({ queryKey: accountKeys.all }),
  });
}
