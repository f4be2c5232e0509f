import type { ApiProblem } from "../../api/problem";
import type { SuppressionFile } from "../../api/suppressions";

/** What a list is, by its first character: a line of NDJSON begins with a brace, none of CSV does. */
export function listFile(content: string): SuppressionFile {
  const type = content.trimStart().startsWith("{") ? "application/x-ndjson" : "text/csv";
  return { type, content };
}

/** The wrong lines of a refused import, in their order. */
export function wrongLines({ errors }: Pick<ApiProblem, "errors">): { line: number; detail: string }[] {
  return Object.entries(errors)
    .flatMap(([pointer, detail]) => {
      const line = /^\/line\/(\d+)(?:\/|$)/.exec(pointer)?.[1];
      return line ? [{ line: Number(line), detail }] : [];
    })
    .sort((a, b) => a.line - b.line);
}
