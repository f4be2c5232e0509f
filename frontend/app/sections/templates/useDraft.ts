import { useState } from "react";
import { usePublishTemplate, useSaveTemplate, type Template, type WrittenTemplate } from "../../api/templates";
import { useStrings } from "../../integration/context";
import { useTellUnsaved, useUnsaved, type Owner } from "../../integration/unsaved";
import { draftOf, emptyDraft, requestOf, type Draft } from "./draft";

export const placeOf = (id: string) => `template ${id}`;
const RULES = { fit: (draft: Draft) => draft, together: [] };

/**
 * A template that is written. What is not saved is kept for the tab, and the browser asks before the page is left.
 * `onMade` hears of a new one as soon as it is saved: from then on it is that one which is written.
 */
export function useDraft(
  template: Template | null,
  kind: Template["kind"],
  owner: Owner,
  onMade: (template: Template) => void,
) {
  const t = useStrings().templates;
  const id = template?.id ?? null;
  const saved = template ? draftOf(template) : emptyDraft(kind);
  const unsaved = useUnsaved(placeOf(id ?? kind), owner, saved, RULES);
  useTellUnsaved(unsaved, t.broughtBack);
  const { draft, setDraft, dirty } = unsaved;
  const [problems, setProblems] = useState<WrittenTemplate["problems"]>([]);
  const save = useSaveTemplate(id);
  const publish = usePublishTemplate();
  const [doing, setDoing] = useState<"nothing" | "saving" | "publishing">("nothing");
  const work = async <T>(what: "saving" | "publishing", run: () => Promise<T>): Promise<T> => {
    setDoing(what);
    save.reset();
    publish.reset();
    try {
      return await run();
    } finally {
      setDoing("nothing");
    }
  };
  /** Its id. */
  const store = async (): Promise<string> => {
    const { id: stored } = await unsaved.save(async (sent) => {
      const written = await save.mutateAsync(requestOf(sent, t.untitled), {
        onSuccess: (made) => {
          setProblems(made.problems);
          if (!id) onMade(made);
        },
      });
      return { id: written.id, saved: draftOf(written), place: placeOf(written.id) };
    });
    return stored;
  };
  return {
    draft,
    dirty,
    problems,
    error: publish.error ?? save.error,
    doing,
    request: requestOf(draft, t.untitled),
    change: (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part })),
    discard: () => setDraft(saved),
    save: () => work("saving", store),
    /** Saves first: what is published is what one sees. */
    publish: () => work("publishing", async () => publish.mutateAsync(dirty || !id ? await store() : id)),
  };
}

export type DraftState = ReturnType<typeof useDraft>;
