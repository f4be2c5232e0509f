import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { accountKeys } from "../../api/accounts";
import { answer } from "../../api/client";
import { sendKeys } from "../../api/history";
import { ApiProblem } from "../../api/problem";
import type { TemplateVariable } from "../../api/templates";
import { useIntegration } from "../../integration/context";
import { emptyDraft, isEmpty, requestOf, type Draft } from "./draft";
import { keepComposition, type Attempt, type Composition } from "./keeping";
import { ask, clockAhead, newAttempt, UNDO_SECONDS } from "./sending";

export type Phase = "writing" | "asking" | "uncertain" | "outgoing";

/**
 * A message from its first word until it is out of reach. What is asked for is kept before it is asked, under its key: an
 * answer that is lost, even with the page, can be asked for again and makes no second message.
 */
export function useCompose(start: Composition) {
  const { api } = useIntegration();
  const cache = useQueryClient();
  const [composition, setComposition] = useState(start);
  const [asking, setAsking] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const alive = useRef(true);
  const { draft, attempt, outgoing } = composition;
  const put = (part: Partial<Composition>) => {
    setComposition((before) => ({ ...before, ...part }));
  };
  useEffect(() => {
    const nothing = isEmpty(draft) && !attempt && !outgoing;
    keepComposition(sessionStorage, nothing ? null : composition);
  }, [composition, draft, attempt, outgoing]);
  useEffect(() => {
    alive.current = true;
    return () => {
      alive.current = false;
    };
  }, []);

  const run = async (given: Attempt, ahead: number, again: boolean) => {
    setAsking(true);
    setError(null);
    put({ attempt: given });
    keepComposition(sessionStorage, { draft, outgoing: null, attempt: given });
    try {
      const outcome = await ask(api, given, { scheduled: draft.later, ahead, again });
      if (outcome.kind === "uncertain") {
        setError(outcome.error);
        return;
      }
      const next = { draft, attempt: null, outgoing: outcome.outgoing };
      // Written here, too: this part of the page may have gone while the answer was on its way.
      if (!alive.current) keepComposition(sessionStorage, next);
      setComposition(next);
      await Promise.all([
        cache.invalidateQueries({ queryKey: sendKeys.all }),
        cache.invalidateQueries({ queryKey: accountKeys.all }),
      ]);
    } catch (problem) {
      put({ attempt: null });
      if (!alive.current) keepComposition(sessionStorage, { draft, attempt: null, outgoing: null });
      setError(problem);
    } finally {
      setAsking(false);
    }
  };

  return {
    draft,
    outgoing,
    error,
    phase: asking ? "asking" : outgoing ? "outgoing" : attempt ? "uncertain" : "writing",
    change: (part: Partial<Draft> | ((before: Draft) => Partial<Draft>)) => {
      setComposition((before) => ({
        ...before,
        draft: { ...before.draft, ...(typeof part === "function" ? part(before.draft) : part) },
      }));
    },
    send: async (variables: readonly TemplateVariable[]) => {
      setAsking(true);
      try {
        const ahead = draft.later ? 0 : await clockAhead(api).catch(() => 0);
        const now = new Date(Date.now() + ahead + UNDO_SECONDS * 1000).toISOString();
        await run(newAttempt(requestOf(draft, variables, draft.later ? draft.sendAt : now)), ahead, false);
      } finally {
        setAsking(false);
      }
    },
    askAgain: () => (attempt ? run(attempt, 0, true) : Promise.resolve()),
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
