import { useMutation } from "@tanstack/react-query";
import { usePublishTemplate, useSaveTemplate } from "../../api/templates";
import { useCreateTrigger } from "../../api/triggers";
import { newRequestOf, type TriggerDraft } from "./draft";
import type { Recipe } from "./recipes";

/**
 * Makes a trigger, and before it the template that its recipe brings along. The template is made once: `onDraft` hears
 * of it, so that a trigger that is refused is tried again with the same one.
 */
export function useMakeTrigger(recipe: Recipe | null, onDraft: (part: Partial<TriggerDraft>) => void) {
  const { mutateAsync: saveTemplate } = useSaveTemplate(null);
  const { mutateAsync: publish } = usePublishTemplate();
  const { mutateAsync: create } = useCreateTrigger();
  return useMutation({
    mutationFn: async (draft: TriggerDraft) => {
      let part: Partial<TriggerDraft> = {};
      if (draft.message === "recipe" && recipe) {
        const template = await saveTemplate(recipe.template);
        await publish(template.id);
        part = { message: "template", template: template.id, version: null };
        onDraft(part);
      }
      return create(newRequestOf({ ...draft, ...part }));
    },
  });
}
