import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, renderHook, waitFor } from "@testing-library/react";
import type { ReactNode } from "react";
import { en } from "../i18n/en";
import { IntegrationContext, type Integration } from "../integration/context";
import { problem } from "../testing/render";
import { makeClient } from "./client";
import { pageOfSends, useCancelSend, useSends } from "./history";

const api = makeClient("", () => "token");
const sent = (id: string) => ({ id, status: "sent", next_attempt_at: null, sent_at: "2020-01-01T00:00:00Z" });
const queued = (id: string) => ({ id, status: "queued", next_attempt_at: null, sent_at: null });
const page = (sends: object[], next: string | null = null) => ({ sends, next_page_token: next });

/** Answers in turn, the last one for good; the calls are returned as they come. */
function answersInTurn(...answers: (object | Response)[]): string[] {
  const calls: string[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation((input) => {
    const { method, url } = input as Request;
    calls.push(`${method} ${new URL(url).pathname}${new URL(url).search}`);
    const found = answers[Math.min(calls.length, answers.length) - 1];
    return Promise.resolve(found instanceof Response ? found.clone() : Response.json(found));
  });
  return calls;
}

function inside({ children }: { children: ReactNode }) {
  const integration: Integration = {
    api,
    apiUrl: "",
    strings: en,
    locale: "en-GB",
    returnTo: "",
    connectIn: "redirect",
    instance: "one",
    takeConnectResult: () => null,
  };
  const cache = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  return (
    <IntegrationContext value={integration}>
      <QueryClientProvider client={cache}>{children}</QueryClientProvider>
    </IntegrationContext>
  );
}

describe("a page of the history", () => {
  const signal = new AbortController().signal;

  it("goes on where the API's page is empty although more follow", async () => {
    const calls = answersInTurn(page([], "two"), page([], "three"), page([sent("snd_1")]));
    const found = await pageOfSends(api, { q: "engine" }, "", signal);
    expect(found.sends.map((send) => send.id)).toEqual(["snd_1"]);
    expect(found.next_page_token).toBeNull();
    expect(calls).toEqual([
      "GET /api/gmail/history/?q=engine&page_size=50",
      "GET /api/gmail/history/?q=engine&page_size=50&page_token=two",
      "GET /api/gmail/history/?q=engine&page_size=50&page_token=three",
    ]);
  });

  it("ends when there is enough to show, and knows where to go on", async () => {
    const many = Array.from({ length: 30 }, (_, number) => sent(`snd_${number}`));
    const calls = answersInTurn(page(many, "two"));
    expect((await pageOfSends(api, {}, "one", signal)).next_page_token).toBe("two");
    expect(calls).toEqual(["GET /api/gmail/history/?page_size=50&page_token=one"]);
  });
});

describe("the list", () => {
  it("asks again while a send is in the queue, and rests when it is out", async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    const calls = answersInTurn(page([queued("snd_1")]), page([sent("snd_1")]));
    const { result } = renderHook(() => useSends({}), { wrapper: inside });
    const status = () => result.current.data?.pages[0]?.sends[0]?.status;
    await waitFor(() => expect(status()).toBe("queued"));
    await act(() => vi.advanceTimersByTimeAsync(3_000));
    await waitFor(() => expect(status()).toBe("sent"));
    await act(() => vi.advanceTimersByTimeAsync(120_000));
    expect(calls).toHaveLength(2);
    vi.useRealTimers();
  });

  it("is asked for again when cancelling came too late: it showed an old state", async () => {
    const calls = answersInTurn(page([queued("snd_1")]), problem(409, "conflict"), page([sent("snd_1")]));
    const { result } = renderHook(() => ({ list: useSends({}), cancel: useCancelSend("snd_1") }), { wrapper: inside });
    await waitFor(() => expect(result.current.list.isSuccess).toBe(true));
    act(() => result.current.cancel.mutate());
    await waitFor(() => expect(result.current.list.data?.pages[0]?.sends[0]?.status).toBe("sent"));
    expect(result.current.cancel.error).toMatchObject({ code: "conflict" });
    expect(calls[1]).toBe("POST /api/gmail/history/snd_1/cancel/");
  });
});
