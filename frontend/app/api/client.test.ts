import { answering, problem } from "../testing/render";
import { answer, makeClient } from "./client";
import { ApiProblem } from "./problem";

const list = () => answer(makeClient("https://api.example.com/", () => "t").GET("/api/gmail/accounts/"));
const caught = async () => (await list().catch((error: unknown) => error)) as ApiProblem;
const at = (found: unknown) => answering({ "GET /api/gmail/accounts/": found });

it("throws the API's problem, with the errors by pointer", async () => {
  at(problem(422, "invalid_message", { errors: [{ pointer: "/to/0/email", detail: "No address." }] }));
  const found = await caught();
  expect(found).toBeInstanceOf(ApiProblem);
  expect([found.status, found.code, found.requestId]).toEqual([422, "invalid_message", "req_1"]);
  expect(found.at("/to")).toBe("No address.");
  expect(found.at("/t")).toBeUndefined();
});

it.each([
  ["no connection", new TypeError("Failed to fetch"), "offline"],
  ["a page of something in between", new Response("<h1>Bad gateway</h1>", { status: 502 }), "unreadable"],
  ["a page that calls itself a success", new Response("<h1>Hello</h1>", { status: 200 }), "unreadable"],
])("tells %s apart", async (_, found, code) => {
  at(found);
  expect((await caught()).code).toBe(code);
});
