import type { TemplateVariable } from "../../api/templates";

export type VariableType = NonNullable<TemplateVariable["type"]>;
export const TYPES = ["string", "number", "boolean", "date", "list"] as const satisfies readonly VariableType[];

/** What a value is while it is written: text, as in its field. "" where there is none. */
export function textOfValue(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** The value that a text means; undefined where it means none of this type. */
export function valueOfText(type: VariableType, text: string): unknown {
  const bare = text.trim();
  switch (type) {
    case "string":
      return text;
    case "date":
      return bare === "" ? undefined : bare; // the API knows dates better
    case "number":
      return bare !== "" && Number.isFinite(Number(bare)) ? Number(bare) : undefined;
    case "boolean":
      return bare === "true" ? true : bare === "false" ? false : undefined;
    case "list":
      return listOf(bare);
  }
}

function listOf(text: string): unknown[] | undefined {
  try {
    const found: unknown = JSON.parse(text);
    return Array.isArray(found) ? found : undefined;
  } catch {
    return undefined;
  }
}

/** The values of a form for a send. What is empty is left to the template; `wrong`: keys whose text means nothing. */
export function valuesOf(variables: readonly TemplateVariable[], texts: Readonly<Record<string, string>>) {
  const values: Record<string, unknown> = {};
  const wrong: string[] = [];
  for (const { key, type } of variables) {
    const text = texts[key] ?? "";
    if (text === "") continue;
    const value = valueOfText(type ?? "string", text);
    if (value === undefined) wrong.push(key);
    else values[key] = value;
  }
  return { values, wrong };
}
