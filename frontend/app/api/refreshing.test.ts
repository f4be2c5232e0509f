import { refreshAfter, refreshBatchAfter } from "./refreshing";

const NOW = Date.parse("2027-03-01T12:00:00Z");
const send = (status: "queued" | "sending" | "scheduled" | "sent" | "unknown" | "failed", at: string | null = null) =>
  status === "sent" ? { status, next_attempt_at: null, sent_at: at } : { status, next_attempt_at: at, sent_at: null };

describe("what is shown is asked for again", () => {
  it("soon while a send is in the queue or on its way", () => {
    expect(refreshAfter([send("queued", "2027-03-01T11:59:00Z")], NOW)).toBe(3_000);
    expect(refreshAfter([send("sending")], NOW)).toBe(3_000);
  });

  it("when a scheduled send is due, though at least once a minute", () => {
    expect(refreshAfter([send("scheduled", "2027-03-01T12:00:20Z")], NOW)).toBe(20_000);
    expect(refreshAfter([send("scheduled", "2027-04-01T12:00:00Z")], NOW)).toBe(60_000);
  });

  it("for ten minutes after a message went out: that is when it is opened", () => {
    expect(refreshAfter([send("sent", "2027-03-01T11:55:00Z")], NOW)).toBe(15_000);
    expect(refreshAfter([send("sent", "2027-03-01T11:49:00Z")], NOW)).toBe(false);
  });

  it("while an unknown send is looked for, and not after that", () => {
    expect(refreshAfter([send("unknown", "2027-03-01T12:05:00Z")], NOW)).toBe(15_000);
    expect(refreshAfter([send("unknown")], NOW)).toBe(false);
  });

  it("as soon as the first of several needs it, and never where all have ended", () => {
    expect(refreshAfter([send("failed"), send("scheduled", "2027-03-01T12:00:30Z"), send("queued")], NOW)).toBe(3_000);
    expect(refreshAfter([send("failed")], NOW)).toBe(false);
    expect(refreshAfter([], NOW)).toBe(false);
  });

  it("by the numbers of a batch", () => {
    expect(refreshBatchAfter({ counts: { sent: 3, queued: 1 } })).toBe(3_000);
    expect(refreshBatchAfter({ counts: { scheduled: 1 } })).toBe(60_000);
    expect(refreshBatchAfter({ counts: { sent: 3 } })).toBe(false);
  });
});
