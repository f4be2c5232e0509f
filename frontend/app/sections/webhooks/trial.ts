import type { TriggerTest, TriggerTestRequest } from "../../api/triggers";
import { pointerPart, RECIPIENTS } from "./draft";

/** What is tried: a payload that was pasted, perhaps with the headers it came with, or one out of the log. */
export interface Trial {
  payload: string;
  headers: string;
  delivery: string;
}

/** The call; or what can't be sent, by its field. */
export function requestOfTrial({
  payload,
  headers,
  delivery,
}: Trial): { body: TriggerTestRequest } | { bad: "payload" | "headers" } {
  if (delivery) return { body: { delivery } };
  if (headers.trim()) {
    const found = headersOf(headers);
    // As it came, to the byte: the signature is of that.
    return found ? { body: { body: payload, ...found } } : { bad: "headers" };
  }
  try {
    return { body: { payload: JSON.parse(payload) as unknown } };
  } catch {
    return { bad: "payload" };
  }
}

function headersOf(text: string): { headers: Record<string, string>; content_type?: string } | null {
  const headers: Record<string, string> = {};
  for (const line of text.split("\n").map((one) => one.trim())) {
    if (!line) continue;
    const colon = line.indexOf(":");
    if (colon < 1) return null;
    headers[line.slice(0, colon).trim()] = line.slice(colon + 1).trim();
  }
  const type = Object.keys(headers).find((name) => name.toLowerCase() === "content-type");
  return { headers, ...(type ? { content_type: headers[type] } : {}) };
}

type Problem = TriggerTest["problems"][number];

/** What is wrong at a pointer or below it. */
export function problemsAt(problems: readonly Problem[], ...pointers: string[]): string[] {
  return problems
    .filter(({ pointer }) => pointers.some((at) => pointer === at || pointer.startsWith(`${at}/`)))
    .map(({ detail }) => detail);
}

/** What belongs to none of `shown`. */
export function otherProblems(problems: readonly Problem[], shown: readonly string[]): Problem[] {
  return problems.filter(({ pointer }) => !shown.some((at) => pointer === at || pointer.startsWith(`${at}/`)));
}

/** Where the result has places of its own for what is wrong. */
export function pointersOf({ variables }: Pick<TriggerTest, "variables">): string[] {
  const recipients = RECIPIENTS.flatMap((field) => [`/${field}`, `/mapping/${field}`]);
  const values = Object.keys(variables).map((name) => `/mapping/variables/${pointerPart(name)}`);
  return ["/headers", "/payload", "/filter", "/account", ...recipients, ...values];
}
