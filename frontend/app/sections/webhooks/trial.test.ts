import { expect, it } from "vitest";
import { otherProblems, pointersOf, problemsAt, requestOfTrial } from "./trial";

const trial = { payload: '{"a": 1}', headers: "", delivery: "" };

it("tries a payload, one out of the log, or a body as it came with its headers", () => {
  expect(requestOfTrial(trial)).toEqual({ body: { payload: { a: 1 } } });
  expect(requestOfTrial({ ...trial, payload: "no JSON", delivery: "whd_1" })).toEqual({ body: { delivery: "whd_1" } });
  expect(requestOfTrial({ ...trial, payload: "a=1", headers: "X-Sign: a:b\n\ncontent-type: text/plain\n" })).toEqual({
    body: { body: "a=1", headers: { "X-Sign": "a:b", "content-type": "text/plain" }, content_type: "text/plain" },
  });
});

it("says which field can't be sent", () => {
  expect(requestOfTrial({ ...trial, payload: "{" })).toEqual({ bad: "payload" });
  expect(requestOfTrial({ ...trial, headers: "no colon" })).toEqual({ bad: "headers" });
});

it("puts each problem where it belongs, once", () => {
  const problems = [
    { pointer: "/mapping/variables/name", detail: "Missing." },
    { pointer: "/mapping/to/0/path", detail: "Not allowed." },
    { pointer: "/template/id", detail: "Not published." },
  ];
  const shown = pointersOf({ variables: { name: null } });
  expect(problemsAt(problems, "/to", "/mapping/to")).toEqual(["Not allowed."]);
  expect(problemsAt(problems, "/mapping/variables/name")).toEqual(["Missing."]);
  expect(otherProblems(problems, shown).map(({ pointer }) => pointer)).toEqual(["/template/id"]);
});
