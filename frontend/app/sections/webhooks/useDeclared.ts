import { useNewestVersion, useTemplate, type TemplateVariable } from "../../api/templates";

/** The variables of a template's version, the newest if null; none where there is no template. Undefined: not yet known. */
export function useDeclared(id: string | null, version: number | null): readonly TemplateVariable[] | undefined {
  const template = useTemplate(id);
  const known = template.data ? { id: template.data.id, version: version ?? template.data.version } : null;
  const found = useNewestVersion(known);
  if (id === null || template.isError || found.isError || (known && !known.version)) return NONE;
  return found.data?.variables;
}

const NONE: readonly TemplateVariable[] = [];
