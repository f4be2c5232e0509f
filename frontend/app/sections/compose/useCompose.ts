import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useEffectEvent, useState } from "react";
import { accountKeys } from "../../api/accounts";
import { answer, type ApiClient } from "../../api/client";
import { sendKeys } from "../../api/history";
import { ApiProblem } from "../../api/problem";
import type { TemplateVariable } from "../../api/templates";
import { useIntegration } from "../../integration/context";
import { emptyDraft, isEmpty, requestOf, type Draft } from "./draft";
import { keepComposition, keepOutcome, type Attempt, type Composition } from "./keeping";
import { ask, clockAhead, newAttempt, UNDO_SECONDS } from "./sending";

/** `again`: what is uncertain is being asked for once more. */
export type Phase = "writing" | "asking" | "uncertain" | "again" | "outgoing";

/** What came of it: `attempt` where that is not known. */
interface Heard extends Pick<Composition, "attempt" | "outgoing"> {
  error: unknown;
}

/**
 * What is being asked for, by its key. It goes on without the page that began it: one that comes meanwhile waits for the
 * same answer.
 */
const running = new Map<string, Promise<Heard>>();

/** Asks, and keeps what came of it. */
async function askFor(api: ApiClient, draft: Draft, given: Attempt, again: boolean): Promise<Heard> {
  let attempt = given;
  let ahead = 0;
  if (!again && !draft.later) {
    ahead = await clockAhead(api).catch(() => 0);
    const at = new Date(Date.now() + ahead + UNDO_SECONDS * 1000).toISOString();
    attempt = { ...given, body: { ...given.body, send_at: at } };
    keepOutcome(sessionStorage, given.key, { draft, attempt, outgoing: null });
  }
  const heard = await ask(api, attempt, { scheduled: draft.later, ahead, again }).then(
    (outcome): Heard =>
      outcome.kind === "accepted"
        ? { attempt: null, outgoing: outcome.outgoing, error: null }
        : { attempt, outgoing: null, error: outcome.error },
    (error: unknown): Heard => ({ attempt: null, outgoing: null, error }),
  );
  keepOutcome(sessionStorage, given.key, { draft, attempt: heard.attempt, outgoing: heard.outgoing });
  return heard;
}

/**
 * A message from its first word until it is out of reach. What is asked for is kept before it is asked, under its key: an
 * answer that is lost, even with the page, can be asked for again and makes no second message.
 */
export function useCompose(start: Composition) {
  const { api } = useIntegration();
  const cache = useQueryClient();
  const [composition, setComposition] = useState(start);
  const [begun] = useState(() => running.get(start.attempt?.key ?? ""));
  const [asking, setAsking] = useState<"asking" | "again" | null>(begun ? "asking" : null);
  const [error, setError] = useState<unknown>(null);
  const { draft, attempt, outgoing } = composition;
  const put = (part: Partial<Composition>) => {
    setComposition((before) => ({ ...before, ...part }));
  };
  useEffect(() => {
    if (asking) return; // it is kept as it is asked for
    const nothing = isEmpty(draft) && !attempt && !outgoing;
    keepComposition(sessionStorage, nothing ? null : composition);
  }, [composition, draft, attempt, outgoing, asking]);

  const heard = ({ error: problem, ...part }: Heard) => {
    setAsking(null);
    setError(problem);
    put(part.outgoing ? { ...part, draft } : part);
    if (!part.outgoing) return;
    void cache.invalidateQueries({ queryKey: sendKeys.all });
    void cache.invalidateQueries({ queryKey: accountKeys.all });
  };
  const heardLater = useEffectEvent(heard);
  useEffect(() => {
    void begun?.then((found) => heardLater(found));
  }, [begun]);

  const run = (given: Attempt, again: boolean) => {
    setAsking(again ? "again" : "asking");
    setError(null);
    put({ attempt: given });
    keepComposition(sessionStorage, { draft, outgoing: null, attempt: given });
    const work = askFor(api, draft, given, again).finally(() => running.delete(given.key));
    running.set(given.key, work);
    return work.then((found) => {
      heard(found);
      return found;
    });
  };

  const phase: Phase = asking ?? (outgoing ? "outgoing" : attempt ? "uncertain" : "writing");
  return {
    draft,
    outgoing,
    error,
    phase,
    change: (part: Partial<Draft> | ((before: Draft) => Partial<Draft>)) => {
      setComposition((before) => ({
        ...before,
        draft: { ...before.draft, ...(typeof part === "function" ? part(before.draft) : part) },
      }));
    },
    send: (variables: readonly TemplateVariable[]) =>
      run(newAttempt(requestOf(draft, variables, draft.later ? draft.sendAt : null)), false),
    /** True where it was refused: then nothing is on its way, and the message is in the form again. */
    askAgain: async (): Promise<boolean> => {
      if (!attempt) return false;
      const found = await run(attempt, true);
      return !found.attempt && !found.outgoing;
    },
    /** Asks no more: the message can be changed, and sent as another one. */
    giveUp: () => {
      setError(null);
      put({ attempt: null });
    },
    /** Takes it back. True where it did not go out; the message is in the form again, as it was. */
    undo: async (): Promise<boolean> => {
      if (!outgoing) return false;
      const params = { path: { send_id: outgoing.id } };
      try {
        await answer(api.POST("/api/gmail/history/{send_id}/cancel/", { params }));
        put({ outgoing: null });
        return true;
      } catch (problem) {
        if (problem instanceof ApiProblem && problem.code === "conflict") {
          put({ outgoing: { ...outgoing, due: 0, scheduled: false } });
          return false;
        }
        throw problem;
      } finally {
        void cache.invalidateQueries({ queryKey: sendKeys.all });
      }
    },
    /** An empty form for the next one. */
    reset: () => {
      setError(null);
      setComposition({ draft: emptyDraft(draft.account), attempt: null, outgoing: null });
    },
  };
}

export type Compose = ReturnType<typeof useCompose>;
