import { afterEach, describe, expect, it, vi } from "vitest";
import { makeClient } from "../../api/client";
import { upload, type Put } from "../../api/uploading";
import { ask, clockAhead, newAttempt } from "./sending";

const SEND_AT = "2030-01-01T00:00:10.000Z";
const problem = (status: number, code: string) => ({ status, body: { status, code, detail: "d", remedy: "r" } });
const scheduled = { status: 202, body: { id: "snd_1", status: "scheduled", account: "acc_1" } };
type Answer = { status: number; body: unknown; headers?: Record<string, string> } | "lost" | "broken off";

/** An API that gives these answers in turn, and what it was asked. */
function api(...answers: Answer[]) {
  const asked: Request[] = [];
  vi.stubGlobal("fetch", (request: Request) => {
    asked.push(request);
    const found = answers.shift() ?? "lost";
    if (found === "lost") return Promise.reject(new TypeError("Failed to fetch"));
    if (found === "broken off") {
      const body = new ReadableStream({ start: (stream) => stream.error(new TypeError("network error")) });
      return Promise.resolve(new Response(body));
    }
    return Promise.resolve(
      new Response(JSON.stringify(found.body), { status: found.status, headers: found.headers ?? {} }),
    );
  });
  return { client: makeClient("http://api.test", () => "key"), asked };
}
const attempt = newAttempt({ to: ["a@example.com"], subject: "S", text: "T", send_at: SEND_AT });
const at = (ms: number) => Date.parse(SEND_AT) + ms;
const first = { scheduled: false, ahead: 0, again: false, wait: () => Promise.resolve() };
const again = { ...first, again: true };

afterEach(() => vi.unstubAllGlobals());

describe("a send", () => {
  it("can be undone until it is due, by this machine's clock", async () => {
    const { client } = api(scheduled);
    const outcome = await ask(client, attempt, { ...first, ahead: 60_000 });
    expect(outcome).toEqual({ kind: "accepted", outgoing: { id: "snd_1", due: at(-60_000), scheduled: false } });
  });

  it("is asked for again under the same key and in the same words where the answer is lost", async () => {
    const { client, asked } = api("lost", problem(409, "idempotency_in_progress"), scheduled);
    expect((await ask(client, attempt, first)).kind).toBe("accepted");
    expect(new Set(asked.map((one) => one.headers.get("Idempotency-Key")))).toEqual(new Set([attempt.key]));
    const bodies = await Promise.all(asked.map((one) => one.text()));
    expect(new Set(bodies).size).toBe(1);
  });

  it("stays uncertain where no answer comes at all", async () => {
    const { client, asked } = api("lost", "lost", "lost");
    expect(await ask(client, attempt, first)).toMatchObject({ kind: "uncertain", error: { code: "offline" } });
    expect(asked).toHaveLength(3);
  });

  it.each([
    [422, "invalid_message"],
    [429, "rate_limited"],
    [409, "reauth_required"],
  ])("that is refused is not asked for again: %s %s", async (status, code) => {
    const { client, asked } = api(problem(status, code));
    await expect(ask(client, attempt, first)).rejects.toMatchObject({ code });
    expect(asked).toHaveLength(1);
  });

  it("of which nothing was kept is refused, not uncertain", async () => {
    const { client } = api(...Array.from({ length: 3 }, () => problem(503, "unavailable")));
    await expect(ask(client, attempt, first)).rejects.toMatchObject({ code: "unavailable" });
  });

  it.each<[number, unknown]>([
    [403, "<h1>Forbidden</h1>"],
    [413, "<h1>Too large</h1>"],
  ])("that something before the API turned away is refused: %s", async (status, body) => {
    const { client, asked } = api({ status, body });
    await expect(ask(client, attempt, first)).rejects.toMatchObject({ code: "unreadable", status });
    expect(asked).toHaveLength(1);
  });

  it("that there is no token for was not asked for", async () => {
    const client = makeClient("http://api.test", () => Promise.reject(new TypeError("Failed to fetch")));
    await expect(ask(client, attempt, first)).rejects.toMatchObject({ code: "no_token" });
  });

  it("stays uncertain where the answer broke off", async () => {
    const { client, asked } = api("broken off", "broken off", "broken off");
    expect((await ask(client, attempt, first)).kind).toBe("uncertain");
    expect(asked).toHaveLength(3);
  });

  it.each<[string, Answer, number]>([
    ["401", problem(401, "unauthenticated"), 2],
    ["403", problem(403, "forbidden"), 2],
    ["403 of a proxy", { status: 403, body: "<h1>Forbidden</h1>" }, 2],
    ["429", problem(429, "rate_limited"), 2],
    ["503", problem(503, "unavailable"), 3],
  ])("whose answer was lost stays uncertain where the next one says nothing of it: %s", async (_, answer, calls) => {
    const { client, asked } = api("lost", answer, answer);
    expect(await ask(client, attempt, first)).toMatchObject({ kind: "uncertain", error: { name: "ApiProblem" } });
    expect(asked).toHaveLength(calls);
    // So it does where it is asked again by hand, or after a reload.
    expect((await ask(api(answer, answer, answer).client, attempt, again)).kind).toBe("uncertain");
  });

  it("whose answer was lost stays uncertain while there is no token to ask with", async () => {
    const client = makeClient("http://api.test", () => Promise.reject(new TypeError("Failed to fetch")));
    expect(await ask(client, attempt, again)).toMatchObject({ kind: "uncertain", error: { code: "no_token" } });
  });

  it("whose answer was lost is refused where the API looked at it, and has none", async () => {
    const { client } = api("lost", problem(422, "invalid_message"));
    await expect(ask(client, attempt, first)).rejects.toMatchObject({ code: "invalid_message" });
  });

  it("that went out at once can't be undone", async () => {
    const { client } = api({ status: 200, body: { id: "snd_1", status: "sent", account: "acc_1" } });
    expect(await ask(client, attempt, first)).toMatchObject({ outgoing: { due: 0 } });
  });
});

describe("the server's clock", () => {
  it.each([
    [0, 0],
    [3_600_000, 3_600_000],
    [-120_000, -120_000],
  ])("is %i ms ahead", async (off, found) => {
    const Date_ = new Date(Date.now() + off).toUTCString();
    const { client } = api({ status: 200, body: { accounts: [], next_page_token: null }, headers: { Date: Date_ } });
    expect(Math.abs((await clockAhead(client)) - found)).toBeLessThan(2000);
  });

  it("counts as this one's where it can't be read", async () => {
    const { client } = api({ status: 200, body: { accounts: [], next_page_token: null } });
    expect(await clockAhead(client)).toBe(0);
  });
});

describe("an upload", () => {
  const file = new File(["notes"], "notes.txt", { type: "text/plain" });
  const upload_ = {
    method: "PUT",
    url: "http://store.test/1",
    headers: { "Content-Type": "x/y" },
    expires_at: SEND_AT,
  };
  const waiting = { status: 201, body: { id: "att_1", status: "waiting", upload: upload_ } };
  const ready = { status: 200, body: { id: "att_1", status: "ready" } };
  const signal = new AbortController().signal;

  it("goes past the service, with exactly the headers that were given, and is completed", async () => {
    const { client, asked } = api(waiting, ready);
    const put = vi.fn<Put>((_, __, onProgress) => {
      onProgress(3);
      return Promise.resolve();
    });
    const progress = vi.fn();
    expect(await upload(client, file, progress, signal, put)).toMatchObject({ id: "att_1", status: "ready" });
    expect(put.mock.calls[0]?.[0]).toEqual(upload_);
    expect(progress).toHaveBeenCalledWith(3);
    expect(asked.map((one) => new URL(one.url).pathname)).toEqual([
      "/api/gmail/attachments/",
      "/api/gmail/attachments/att_1/complete/",
    ]);
  });

  it("goes through the service where the store can't be reached", async () => {
    const { client, asked } = api(waiting, ready);
    await upload(
      client,
      file,
      () => undefined,
      signal,
      () => Promise.reject(new TypeError("CORS")),
    );
    expect(asked[1]?.headers.get("Content-Type")).toMatch(/^multipart\/form-data/);
  });

  it("that was given up is not tried in another way", async () => {
    const { client, asked } = api(waiting);
    const stop = new AbortController();
    const put: Put = () => {
      stop.abort();
      return Promise.reject(new DOMException("Given up", "AbortError"));
    };
    await expect(upload(client, file, () => undefined, stop.signal, put)).rejects.toThrow("Given up");
    expect(asked).toHaveLength(1);
  });
});
