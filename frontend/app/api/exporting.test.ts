import { makeClient } from "./client";
import { whole } from "./exporting";

/** An export of which these parts come; an error cuts it off. */
function exported(...parts: (string | Error)[]): Promise<Blob> {
  const stream = new ReadableStream({
    pull(controller) {
      const part = parts.shift();
      if (part === undefined) controller.close();
      else if (typeof part !== "string") controller.error(part);
      else controller.enqueue(new TextEncoder().encode(part));
    },
  });
  vi.spyOn(globalThis, "fetch").mockResolvedValue(new Response(stream, { headers: { "Content-Type": "text/csv" } }));
  const call = makeClient("", () => "token").GET("/api/gmail/history/export/", { parseAs: "blob" });
  return whole(call.then(({ data }) => data));
}

describe("an export", () => {
  it("is taken as it comes", async () => {
    expect((await exported("id,status\r\n", "snd_1,sent\r\n")).size).toBe(23);
  });

  it("is none where it was cut off", async () => {
    await expect(exported("id,sta", new TypeError("network error"))).rejects.toMatchObject({ code: "offline" });
  });

  it("was given up, and did not break off", async () => {
    const aborted = exported("id", new DOMException("given up", "AbortError"));
    await expect(aborted).rejects.toMatchObject({ name: "AbortError" });
  });
});
