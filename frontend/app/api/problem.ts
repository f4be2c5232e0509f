import type { components } from "./schema";

export type ProblemDocument = components["schemas"]["Problem"];

/** The API's codes, and three of this side: no connection, an answer that is none of the API's, and no token to ask with. */
export type ProblemCode = ProblemDocument["code"] | "offline" | "unreadable" | "no_token";

/** A refused or failed call, as the problem document (RFC 9457) says it. */
export class ApiProblem extends Error {
  override readonly name = "ApiProblem";
  readonly status: number;
  readonly code: ProblemCode;
  readonly detail: string;
  readonly remedy: string;
  readonly requestId: string;
  /** What is wrong with each field, by JSON pointer such as "/to/0/email". */
  readonly errors: Readonly<Record<string, string>>;

  constructor(given: Partial<Omit<ProblemDocument, "code">> & { code: ProblemCode }) {
    super(given.detail ?? given.code);
    this.status = given.status ?? 0;
    this.code = given.code;
    this.detail = given.detail ?? "";
    this.remedy = given.remedy ?? "";
    this.requestId = given.request_id ?? "";
    this.errors = Object.fromEntries((given.errors ?? []).map((one) => [one.pointer, one.detail]));
  }

  /** Whether the same call may succeed a little later. */
  get passing(): boolean {
    return ["offline", "unavailable", "unreadable", "internal"].includes(this.code);
  }

  /** What is wrong at a pointer or anywhere below it. */
  at(pointer: string): string | undefined {
    const found = Object.entries(this.errors).find(([key]) => key === pointer || key.startsWith(`${pointer}/`));
    return found?.[1];
  }
}

/** The problem that an answer's body tells of, whatever was made of it on its way. */
export function problemOf(status: number, body: unknown): ApiProblem {
  const known = typeof body === "object" && body !== null && "code" in body && typeof body.code === "string";
  return new ApiProblem(known ? (body as ProblemDocument) : { status, code: "unreadable" });
}
