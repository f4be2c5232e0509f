import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import {
  templateKeys,
  usePublishTemplate,
  useSaveTemplate,
  type Template,
  type WrittenTemplate,
} from "../../api/templates";
import { useStrings } from "../../integration/context";
import { draftOf, emptyDraft, requestOf, sameDraft, type Draft } from "./draft";

const UNSAVED = "unsaved-templates";

/**
 * A template that is written. What is not saved outlives a look at another section (it is kept in memory), and the browser
 * asks before the page is left.
 */
export function useDraft(template: Template | null, kind: Template["kind"]) {
  const t = useStrings().templates;
  const cache = useQueryClient();
  const id = template?.id ?? null;
  const saved = template ? draftOf(template) : emptyDraft(kind);
  const place = [UNSAVED, id ?? kind];
  const [draft, setDraft] = useState<Draft>(() => cache.getQueryData<Draft>(place) ?? saved);
  const [problems, setProblems] = useState<WrittenTemplate["problems"]>([]);
  const save = useSaveTemplate(id);
  const publish = usePublishTemplate();
  const dirty = !sameDraft(draft, saved);
  const keep = (next: Draft | null) => {
    cache.setQueryDefaults([UNSAVED], { gcTime: Infinity });
    if (next && !sameDraft(next, saved)) cache.setQueryData(place, next);
    else cache.removeQueries({ queryKey: place, exact: true });
  };
  useAskBeforeLeaving(dirty);
  const store = async () => {
    const written = await save.mutateAsync(requestOf(draft, t.untitled));
    cache.setQueryData(templateKeys.one(written.id), written);
    setProblems(written.problems);
    setDraft(draftOf(written));
    keep(null);
    return written;
  };
  return {
    draft,
    dirty,
    problems,
    error: publish.error ?? save.error,
    isSaving: save.isPending,
    isPublishing: publish.isPending,
    request: requestOf(draft, t.untitled),
    change: (part: Partial<Draft>) => {
      const next = { ...draft, ...part };
      setDraft(next);
      keep(next);
    },
    discard: () => {
      setDraft(saved);
      keep(null);
    },
    save: () => {
      publish.reset();
      return store();
    },
    /** Saves first: what is published is what one sees. */
    publish: async () => {
      publish.reset();
      const written = dirty || !id ? await store() : null;
      const published = await publish.mutateAsync(written?.id ?? id ?? "");
      cache.setQueryData(templateKeys.one(published.id), published);
      return published;
    },
  };
}

export type DraftState = ReturnType<typeof useDraft>;

function useAskBeforeLeaving(dirty: boolean): void {
  useEffect(() => {
    if (!dirty) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => {
      window.removeEventListener("beforeunload", ask);
    };
  }, [dirty]);
}
