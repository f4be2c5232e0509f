import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import {
  templateKeys,
  usePublishTemplate,
  useSaveTemplate,
  type Template,
  type WrittenTemplate,
} from "../../api/templates";
import { useStrings } from "../../integration/context";
import { keepUnsaved, readUnsaved, useAskBeforeLeaving, type Owner } from "../../integration/unsaved";
import { draftOf, emptyDraft, requestOf, sameDraft, type Draft } from "./draft";

const placeOf = (id: string) => `template ${id}`;

/** A template that is written. What is not saved is kept for the tab, and the browser asks before the page is left. */
export function useDraft(template: Template | null, kind: Template["kind"], owner: Owner) {
  const t = useStrings().templates;
  const cache = useQueryClient();
  const id = template?.id ?? null;
  const saved = template ? draftOf(template) : emptyDraft(kind);
  const place = placeOf(id ?? kind);
  const [draft, setDraft] = useState<Draft>(() => (readUnsaved(place, owner) as Draft | null) ?? saved);
  const [problems, setProblems] = useState<WrittenTemplate["problems"]>([]);
  const save = useSaveTemplate(id);
  const publish = usePublishTemplate();
  const dirty = !sameDraft(draft, saved);
  const keep = (next: Draft | null) => keepUnsaved(place, owner, next && sameDraft(next, saved) ? null : next);
  useAskBeforeLeaving(dirty);
  const store = async () => {
    const sent = draft;
    const written = await save.mutateAsync(requestOf(sent, t.untitled));
    cache.setQueryData(templateKeys.one(written.id), written);
    setProblems(written.problems);
    // What was typed meanwhile stays, and is not saved yet.
    setDraft((now) => (sameDraft(now, sent) ? draftOf(written) : now));
    const kept = readUnsaved(place, owner) as Draft | null;
    keep(null);
    if (kept && !sameDraft(kept, sent)) keepUnsaved(placeOf(written.id), owner, kept);
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
