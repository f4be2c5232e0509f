import { answer, idempotencyKey, type ApiClient } from "../../api/client";
import { ApiProblem } from "../../api/problem";
import type { SendRequest } from "../../api/accounts";
import type { Attempt, Outgoing } from "./keeping";

/** For this long a message that goes out "now" can be taken back. */
export const UNDO_SECONDS = 10;
const PAUSES = [500, 2000]; // milliseconds before asking again

export type Outcome =
  | { kind: "accepted"; outgoing: Outgoing | null }
  /** The answer was lost. It may be on record, or not; `error` is the last that was heard. */
  | { kind: "uncertain"; error: unknown };

export function newAttempt(body: SendRequest): Attempt {
  return { key: idempotencyKey(), body };
}

interface Circumstances {
  scheduled: boolean;
  /** How far the server's clock is ahead of this one, in milliseconds. */
  ahead: number;
  /** It was asked for before under this key, and the answer was lost. */
  again: boolean;
  wait?: (milliseconds: number) => Promise<void>;
}

/**
 * Asks for a send, and asks again under the same key where the answer is lost. Throws ApiProblem where it was refused:
 * then nothing is on record.
 */
export async function ask(
  api: ApiClient,
  { key, body }: Attempt,
  { scheduled, ahead, again, wait = sleep }: Circumstances,
): Promise<Outcome> {
  let lost = again;
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
      lost ||= mayBeOnRecord(problem);
      const pause = passes(problem) ? PAUSES[turn] : undefined;
      if (pause !== undefined) await wait(pause);
      else if (lost && saysNothingOfTheKey(problem)) return { kind: "uncertain", error: problem };
      else throw problem;
    }
  }
}

/** No answer; one that broke off, or is none of the API's; its own failure; or that the first call still runs. */
function mayBeOnRecord(problem: unknown): boolean {
  if (!(problem instanceof ApiProblem)) return true;
  if (problem.code === "unreadable") return !turnedAway(problem);
  return ["offline", "internal", "idempotency_in_progress"].includes(problem.code);
}

/** Whether the same call may succeed a little later. */
function passes(problem: unknown): boolean {
  if (!(problem instanceof ApiProblem)) return true;
  return (problem.passing && !turnedAway(problem)) || problem.code === "idempotency_in_progress";
}

/** Whether it was said before the key was looked up: then it tells nothing of what an earlier call has made. */
function saysNothingOfTheKey(problem: unknown): boolean {
  if (!(problem instanceof ApiProblem) || problem.code === "no_token" || passes(problem)) return true;
  return problem.code === "unreadable" || [401, 403, 429, 503].includes(problem.status);
}

/** By something between the API and here, such as a proxy for which it is too large: the API has not seen it. */
function turnedAway({ code, status }: ApiProblem): boolean {
  return code === "unreadable" && status >= 400 && status < 500;
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
