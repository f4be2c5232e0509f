import type { TemplateVariable } from "../../api/templates";
import type { Trigger } from "../../api/triggers";

type Json = string | number | boolean | Json[] | { [key: string]: Json };
type Asked = Pick<Trigger, "filter" | "mapping" | "allowed_domains">;

const PATH = /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*$/;
const FIRST_PATH = /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*(?=\s*(?:\|\||$))/;
const LIST = /^([A-Za-z_][\w.]*)\[\]\.\{([^{}]*)\}$/;
const EQUALS = /([A-Za-z_][\w.]*)\s*==\s*(?:'([^']*)'|`([^`]*)`)/g;

/**
 * A payload that a trigger takes, as far as its expressions are plain enough to tell: something to start from. What a
 * variable is like comes from its template.
 */
export function sampleFor(asked: Asked, variables: readonly TemplateVariable[] = []): Record<string, Json> {
  const made: Record<string, Json> = {};
  const declared = new Map(variables.map((one) => [one.key, one]));
  const filter = asked.filter ?? "";
  for (const name of namesIn(filter)) put(made, name, "…");
  for (const [name, path] of Object.entries(asked.mapping.variables ?? {})) {
    const known = declared.get(name);
    const list = LIST.exec(path.trim());
    const plain = FIRST_PATH.exec(path.trim())?.[0];
    if (list?.[1]) put(made, list[1], [membersOf(list[2] ?? "")]);
    else if (plain) put(made, plain, valueOf(known, name));
  }
  for (const field of ["to", "cc", "bcc", "reply_to"] as const)
    for (const { path } of asked.mapping[field] ?? [])
      if (path && PATH.test(path)) put(made, path, `grace@${domainOf(asked.allowed_domains)}`);
  for (const [, path = "", text, literal] of filter.matchAll(EQUALS))
    put(made, path, text ?? parsed(literal ?? "null"));
  return made;
}

/** Names of a filter that have to be there: what stands in quotes, behind a "!", or in a call, does not tell. */
function namesIn(filter: string): string[] {
  const bare = filter
    .replace(/'[^']*'|`[^`]*`/g, " ")
    .replace(/!\s*\([^()]*\)|\w+\([^()]*\)/g, " ")
    .replace(/!\s*[\w.]+/g, " ");
  return bare
    .split(/&&|\|\||[()=<>!]+/)
    .map((part) => part.trim())
    .filter((part) => PATH.test(part));
}

function valueOf(known: TemplateVariable | undefined, name: string): Json {
  if (known?.sample !== undefined && known.sample !== null) return known.sample as Json;
  switch (known?.type) {
    case "number":
      return 1;
    case "boolean":
      return true;
    case "list":
      return [];
    case "date":
      return "2027-03-01";
    default:
      return name;
  }
}

function membersOf(text: string): Record<string, Json> {
  const made: Record<string, Json> = {};
  for (const part of text.split(",")) {
    const path = part.slice(part.indexOf(":") + 1).trim();
    if (PATH.test(path)) put(made, path, path);
  }
  return made;
}

function domainOf(allowed: readonly string[]): string {
  const plain = allowed.find((domain) => !domain.startsWith("*"));
  const below = allowed.find((domain) => domain.startsWith("*."));
  return plain ?? (below ? `mail${below.slice(1)}` : "example.com");
}

function parsed(literal: string): Json {
  try {
    return JSON.parse(literal) as Json;
  } catch {
    return literal;
  }
}

/** Sets a value at a path of names; what stands in the way as a text gives way. */
function put(target: Record<string, Json>, path: string, value: Json) {
  const names = path.split(".");
  const last = names.pop() ?? "";
  let at = target;
  for (const name of names) {
    const next = at[name];
    if (typeof next === "object" && !Array.isArray(next)) at = next;
    else at = at[name] = {};
  }
  const there = at[last];
  if (typeof there !== "object" || typeof value === "object") at[last] = value;
}
