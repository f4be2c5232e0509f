import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { UNSAFE_PortalProvider as PortalProvider } from "react-aria/PortalProvider";
import { Suspense, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { I18nProvider } from "react-aria-components/I18nProvider";
import { accountKeys } from "../../api/accounts";
import { ApiProblem } from "../../api/problem";
import { idempotencyKey, makeClient } from "../../api/client";
import type { Early } from "../../api/early";
import type { GetToken } from "../../api/token";
import { en, type Strings } from "../../i18n/en";
import { override, type Overrides } from "../../i18n/override";
import { forgetConnectResult, readConnectResult, type ConnectResult } from "../../integration/connect-result";
import { IntegrationContext, type Integration } from "../../integration/context";
import { Finished, Sections } from "../../integration/Sections";
import { openerOfPopup, reportFromPopup } from "../../integration/popup";
import { HashRouting, MemoryRouting } from "../../integration/routing";
import { ShownOnce } from "../../integration/shownOnce";
import { refuseFiles } from "../../ui/dropped";
import { NoticeRegion } from "../../ui/notices";
import theme from "../../ui/theme.module.css";

export interface GmailIntegrationProps {
  /** Where the API is, such as "https://gmail.example.com"; "" where it is the page's own origin. */
  apiUrl: string;
  /** The user's bearer token, asked for before every call: refresh it there when it is old. */
  getToken: GetToken;
  theme?: "light" | "dark" | "auto";
  /** Texts to be said in another way, or in another language. */
  strings?: Overrides<Strings>;
  /** Of dates and numbers, such as "de-DE"; the browser's if absent. */
  locale?: string;
  /** Where Google's page ends; it must be on the server's RETURN_URLS. This page, without its query, if absent. */
  returnTo?: string;
  /** Google's page in this window, or in a small one beside it. */
  connectIn?: "popup" | "redirect";
  /** Where places are kept: behind "#" in the address, or in memory, because the address is the application's. */
  routing?: "hash" | "memory";
  /** Called after any 401: the token was refused. */
  onUnauthenticated?: () => void;
}

/** Accounts, messages and what became of them, inside any React application. Needs nothing around it. */
export function GmailIntegration(props: GmailIntegrationProps) {
  // Nothing can be shown before a browser is there: on a server, and while its page is taken over.
  const inBrowser = useSyncExternalStore(
    () => () => undefined,
    () => true,
    () => false,
  );
  return inBrowser ? <InBrowser {...props} /> : null;
}

/** The same, where a browser is there for certain. `early`: answers that are on their way already. */
export function InBrowser(props: GmailIntegrationProps & { early?: Early }) {
  const {
    apiUrl,
    early,
    theme: colours = "auto",
    connectIn = "redirect",
    routing = "memory",
    strings,
    locale,
    returnTo,
  } = props;
  const portal = useRef<HTMLDivElement>(null);
  const [cache] = useState(() => makeCache(early));
  const [instance] = useState(idempotencyKey);
  const [result] = useState(() => readConnectResult(location.search));
  const [opener, setOpener] = useState(() => (result ? openerOfPopup() : null));
  const taken = useRef(false);
  useEffect(() => {
    if (result) forgetConnectResult();
  }, [result]);
  useEffect(
    () => (result && opener !== null ? reportFromPopup(opener, result, () => setOpener(null)) : undefined),
    [result, opener],
  );

  // What is called is the latest that was given, without a new client for each.
  const latest = useRef(props);
  useEffect(() => {
    latest.current = props;
  });
  /* eslint-disable react-hooks/refs -- read when a call is made, never while rendering */
  const api = useMemo(
    () =>
      makeClient(
        apiUrl,
        () => latest.current.getToken(),
        () => latest.current.onUnauthenticated?.(),
        early,
      ),
    [apiUrl, early],
  );
  /* eslint-enable react-hooks/refs */
  const integration = useMemo<Integration>(
    () => ({
      api,
      apiUrl: apiUrl.replace(/\/$/, ""),
      strings: override(en, strings),
      locale: locale ?? navigator.language,
      returnTo: returnTo ?? location.origin + location.pathname,
      connectIn,
      instance,
      takeConnectResult: (): ConnectResult | null => {
        if (taken.current) return null;
        taken.current = true;
        return result;
      },
    }),
    [api, apiUrl, strings, locale, returnTo, connectIn, instance, result],
  );
  const Routing = routing === "hash" ? HashRouting : MemoryRouting;
  return (
    <IntegrationContext value={integration}>
      <I18nProvider locale={integration.locale}>
        <QueryClientProvider client={cache}>
          <div
            role="presentation"
            className={`gi-root ${theme.root}`}
            data-theme={colours}
            onDragOver={refuseFiles}
            onDrop={refuseFiles}
          >
            <PortalProvider getContainer={() => portal.current}>
              <Routing>
                {opener !== null ? (
                  <Finished />
                ) : (
                  <NoticeRegion>
                    <ShownOnce>
                      <Suspense>
                        <Sections />
                      </Suspense>
                    </ShownOnce>
                  </NoticeRegion>
                )}
              </Routing>
            </PortalProvider>
            <div ref={portal} />
          </div>
        </QueryClientProvider>
      </I18nProvider>
    </IntegrationContext>
  );
}

function makeCache(early: Early | undefined): QueryClient {
  const retry = (count: number, error: Error) => error instanceof ApiProblem && error.passing && count < 2;
  const cache = new QueryClient({
    defaultOptions: {
      queries: { retry, staleTime: 10_000, refetchOnWindowFocus: true, networkMode: "always" },
      mutations: { networkMode: "always" },
    },
  });
  const known = early?.accounts();
  // More than one page is asked for as always.
  if (known?.next_page_token === null) cache.setQueryData(accountKeys.list, known.accounts);
  return cache;
}
