import { answer, idempotencyKey, type ApiClient } from "../../api/client";
import { ApiProblem } from "../../api/problem";
import type { SendRequest } from "../../api/accounts";
import type { Attempt, Outgoing } from "./keeping";

/** For this long a message that goes out "now" can be taken back. */
export const UNDO_SECONDS = 10;
const PAUSES = [500, 2000]; // milliseconds before asking again

export type Outcome =
  | { kind: "accepted"; outgoing: Outgoing | null }
  /** The answer was lost. It may be on record, or not. */
  | { kind: "uncertain" };

export function newAttempt(body: SendRequest): Attempt {
  return { key: idempotencyKey(), body };
}

/**
 * Asks for a send, and asks again under the same key where the answer is lost. Throws ApiProblem where it was refused:
 * then nothing is on record. `ahead`: how far the server's clock is ahead of this one, in milliseconds.
 */
export async function ask(
  api: ApiClient,
  { key, body }: Attempt,
  scheduled: boolean,
  ahead: number,
  wait: (milliseconds: number) => Promise<void> = sleep,
): Promise<Outcome> {
  for (let turn = 0; ; turn += 1) {
    try {
      const receipt = await answer(
        api.POST("/api/gmail/send/", { params: { header: { "Idempotency-Key": key } }, body }),
      );
      if (!("id" in receipt)) throw new ApiProblem({ code: "unreadable" });
      if (receipt.status !== "scheduled")
        return { kind: "accepted", outgoing: { id: receipt.id, due: 0, scheduled: false } };
      return { kind: "accepted", outgoing: { id: receipt.id, due: Date.parse(body.send_at ?? "") - ahead, scheduled } };
    } catch (problem) {
      const pause = PAUSES[turn];
      if (!mayBeLost(problem)) throw problem;
      if (pause === undefined) {
        if (problem instanceof ApiProblem && problem.code === "unavailable") throw problem; // nothing was kept
        return { kind: "uncertain" };
      }
      await wait(pause);
    }
  }
}

/** No answer; an answer that is none of the API's; its own failure; or that the first call still runs. */
function mayBeLost(problem: unknown): boolean {
  return problem instanceof ApiProblem && (problem.passing || problem.code === "idempotency_in_progress");
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** How far the server's clock is ahead, in milliseconds; 0 where it can't be read. A message held back waits by that clock. */
export async function clockAhead(api: ApiClient): Promise<number> {
  const asked = Date.now();
  const { response } = await api.GET("/api/gmail/accounts/", { params: { query: { page_size: 1 } } });
  const told = Date.parse(response.headers.get("Date") ?? "");
  if (Number.isNaN(told)) return 0;
  const ahead = told + 500 - (asked + Date.now()) / 2; // whole seconds: half of one in the middle
  return Math.abs(ahead) < 2000 ? 0 : ahead;
}
