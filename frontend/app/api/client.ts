import createClient, { type Client, type Middleware } from "openapi-fetch";
import type { Early } from "./early";
import { ApiProblem, problemOf } from "./problem";
import type { paths } from "./schema";
import type { GetToken } from "./token";

export type ApiClient = Client<paths>;

/** Calls the API at `apiUrl`; "" is the page's own origin. `onRefused` hears of every 401. */
export function makeClient(apiUrl: string, getToken: GetToken, onRefused?: () => void, early?: Early): ApiClient {
  const middleware: Middleware = {
    async onRequest({ request }) {
      request.headers.set("Authorization", `Bearer ${await tokenOf(getToken)}`);
      request.headers.set("Accept", "application/json");
      return request;
    },
    onResponse({ response }) {
      if (response.status === 401) onRefused?.();
    },
    onError({ error }) {
      // Given up on purpose is no problem of the connection.
      if (error instanceof DOMException && error.name === "AbortError") return error;
      return new ApiProblem({ code: "offline" });
    },
  };
  // fetch is looked up at each call, so that whoever replaces it later is heard.
  const client = createClient<paths>({
    baseUrl: absolute(apiUrl),
    fetch: (request) => {
      if (request.method !== "GET") early?.forget();
      return early?.answer(request.url) ?? globalThis.fetch(request);
    },
  });
  client.use(middleware);
  return client;
}

/** What a call answered. Throws ApiProblem where it was refused. */
export async function answer<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await call.catch((reason: unknown) => {
    // A body that is no JSON, from something between the API and here.
    throw reason instanceof SyntaxError ? new ApiProblem({ code: "unreadable" }) : reason;
  });
  if (!response.ok) throw problemOf(response.status, error);
  return data as T;
}

/** A name for one send, so that repeating the call repeats nothing. Works on plain http, too. */
export function idempotencyKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Where the application has none to give, nothing was asked. */
async function tokenOf(getToken: GetToken): Promise<string> {
  try {
    return await getToken();
  } catch {
    throw new ApiProblem({ code: "no_token" });
  }
}

function absolute(apiUrl: string): string {
  return new URL(apiUrl || "/", globalThis.location.href).href.replace(/\/$/, "");
}
