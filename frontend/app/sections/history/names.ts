import { useTemplates } from "../../api/templates";
import { useTriggers } from "../../api/triggers";

/** Names by ids; empty while they are fetched. */
export type Names = Readonly<Record<string, string>>;

export function useTemplateNames(): Names {
  return namesOf(useTemplates("message").data);
}

export function useTriggerNames(): Names {
  return namesOf(useTriggers().data);
}

function namesOf(given: readonly { id: string; name: string }[] | undefined): Names {
  return Object.fromEntries((given ?? []).map(({ id, name }) => [id, name]));
}
