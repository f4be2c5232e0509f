import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useEffectEvent } from "react";
import { accountKeys } from "../api/accounts";
import { useAuthorize, useConfirmConnection } from "../api/connecting";
import { useNotices } from "../ui/notices";
import type { ConnectResult } from "./connect-result";
import { useIntegration } from "./context";
import { listenToPopups, openPopup } from "./popup";

/** Says how a sign-in ended, of this window or of a popup, and finishes it where the owner has to confirm it. */
export function useConnectResults(): void {
  const { strings, instance, takeConnectResult } = useIntegration();
  const { notify, notifyProblem } = useNotices();
  const { mutateAsync: confirm } = useConfirmConnection();
  const cache = useQueryClient();
  const tell = useEffectEvent(async (result: ConnectResult) => {
    const said = strings.connecting;
    if (result.status === "connected") {
      notify({ tone: "good", text: said.connected, focus: true });
      await cache.invalidateQueries({ queryKey: accountKeys.all });
    } else if (result.status === "error") {
      const { detail, remedy } =
        (Object.hasOwn(said.errors, result.code) ? said.errors[result.code] : undefined) ?? said.errors.internal;
      notify({ tone: "bad", text: detail, remedy, focus: true });
    } else {
      try {
        const account = await confirm(result.pending);
        notify({ tone: "good", text: said.connectedAs(account.email), focus: true });
      } catch (problem) {
        notifyProblem(problem);
      }
    }
  });
  useEffect(() => {
    const result = takeConnectResult();
    if (result) void tell(result);
    return listenToPopups(
      instance,
      (found) => void tell(found),
      ({ status }) => {
        // Of another tab or component, which says it and finishes it: here, only the list is another one.
        if (status === "connected") void cache.invalidateQueries({ queryKey: accountKeys.all });
      },
    );
  }, [takeConnectResult, instance, cache]);
}

/** Leads to Google's page. `email`: the account that has to be chosen there. */
export function useConnect() {
  const { strings, connectIn, instance } = useIntegration();
  const { notify, notifyProblem } = useNotices();
  const { mutateAsync: authorize, isPending, isSuccess } = useAuthorize();
  const connect = useCallback(
    async (email?: string) => {
      const popup = connectIn === "popup" ? openPopup(instance) : null;
      if (connectIn === "popup" && !popup) {
        notify({ tone: "bad", text: strings.connecting.popupBlocked, remedy: strings.connecting.popupBlockedRemedy });
        return;
      }
      try {
        const url = await authorize(email);
        if (popup) popup.location.href = url;
        else location.assign(url);
      } catch (problem) {
        popup?.close();
        notifyProblem(problem);
      }
    },
    [authorize, connectIn, instance, notify, notifyProblem, strings],
  );
  // In this window, the page stays for a moment after the link is there.
  return { connect, isConnecting: isPending || (isSuccess && connectIn === "redirect") };
}
