import { render } from "@testing-library/react";
import { GmailIntegration, type GmailIntegrationProps } from "../components/settings/GmailIntegration";

type Answers = Record<string, unknown>;

/** The calls that were made, as "METHOD /path?query", with their bodies. */
export interface Calls {
  lines: string[];
  bodies: unknown[];
  headers: Headers[];
}

/**
 * Stands in for the API. Answers are found by "METHOD /path": a value is a JSON body, a Response is itself, a promise
 * of either is waited for, and what is not listed answers 404.
 */
export function answering(answers: Answers): Calls {
  const calls: Calls = { lines: [], bodies: [], headers: [] };
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input) => {
    const request = input as Request;
    const url = new URL(request.url);
    calls.lines.push(`${request.method} ${url.pathname}${url.search}`);
    calls.headers.push(request.headers);
    const text = await request.text();
    calls.bodies.push(text ? JSON.parse(text) : null);
    const found = await answers[`${request.method} ${url.pathname}`];
    if (found instanceof Response) return found.clone();
    if (found instanceof Error) throw found;
    if (found === undefined) return problem(404, "not_found");
    return Response.json(found);
  });
  return calls;
}

export function problem(status: number, code: string, more: object = {}): Response {
  const body = { type: "about:blank", title: code, status, code, detail: "Why.", remedy: "What to do.", ...more };
  return Response.json({ request_id: "req_1", errors: [], ...body }, { status });
}

/** The whole component, as an application has it. */
export function show(props: Partial<GmailIntegrationProps> = {}) {
  return render(<GmailIntegration apiUrl="" getToken={() => "token"} {...props} />);
}
