import { createContext, use } from "react";
import type { ApiClient } from "../api/client";
import type { Strings } from "../i18n/en";
import type { ConnectResult } from "./connect-result";

export interface Integration {
  api: ApiClient;
  /** Where the API is, without a slash at the end; "" is the page's own origin. */
  apiUrl: string;
  strings: Strings;
  /** Of dates and numbers, such as "en-GB". */
  locale: string;
  /** Where Google's page ends: the host page, without its query. */
  returnTo: string;
  connectIn: "popup" | "redirect";
  /** Tells this component from others of the page, and of other tabs. */
  instance: string;
  /** How the last sign-in ended, until it is taken. */
  takeConnectResult: () => ConnectResult | null;
}

export const IntegrationContext = createContext<Integration | null>(null);

/** What the whole component shares. */
export function useIntegration(): Integration {
  const found = use(IntegrationContext);
  if (!found) throw new Error("This is a part of <GmailIntegration>, and works only inside it.");
  return found;
}

export function useStrings(): Strings {
  return useIntegration().strings;
}
