import { counted, eventTone, evidenceLines, may } from "./states";

const send = (status: Parameters<typeof may>[0]["status"], more = {}) =>
  may({ status, resent_as: null, gmail_thread_id: "t1", ...more });

describe("what a send's page offers", () => {
  it("is to cancel and to move while it waits", () => {
    expect(send("scheduled")).toEqual({ cancel: true, move: true, resend: false, reply: false });
    expect(send("queued")).toEqual({ cancel: true, move: true, resend: false, reply: false });
  });

  it("is nothing while it is handed to Gmail", () => {
    expect(send("sending")).toEqual({ cancel: false, move: false, resend: false, reply: false });
  });

  it("is to send it again once it has ended, but not twice", () => {
    for (const status of ["sent", "failed", "cancelled", "unknown"] as const) expect(send(status).resend).toBe(true);
    expect(send("failed", { resent_as: "snd_2" }).resend).toBe(false);
  });

  it("is to reply where Gmail knows the thread", () => {
    expect(send("sent").reply).toBe(true);
    expect(send("sent", { gmail_thread_id: null }).reply).toBe(false);
    expect(send("failed").reply).toBe(false);
  });
});

describe("an event", () => {
  it("counts if a person did it, or an image proxy for one", () => {
    expect(counted({ type: "opened", verdict: "human" })).toBe(true);
    expect(counted({ type: "opened", verdict: "proxy" })).toBe(true);
    for (const verdict of ["prefetch", "scanner", "unknown"]) expect(counted({ type: "clicked", verdict })).toBe(false);
    expect(counted({ type: "replied", verdict: "human" })).toBeNull();
  });

  it("stands out for what people did, and for what went wrong", () => {
    expect(eventTone({ type: "clicked", verdict: "human" })).toBe("good");
    expect(eventTone({ type: "clicked", verdict: "scanner" })).toBe("calm");
    expect(eventTone({ type: "bounced", verdict: "hard" })).toBe("bad");
    expect(eventTone({ type: "bounced", verdict: "soft" })).toBe("warn");
    expect(eventTone({ type: "autoreplied", verdict: "automatic" })).toBe("calm");
  });

  it("shows its evidence without what is empty", () => {
    expect(
      evidenceLines({ delay: 4.2, user_agent: "", headers: {}, network: "google", mailboxes: ["google"] }),
    ).toEqual([
      ["delay", "4.2"],
      ["network", "google"],
      ["mailboxes", '["google"]'],
    ]);
    expect(evidenceLines(null)).toEqual([]);
  });
});
