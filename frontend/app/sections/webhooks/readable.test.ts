import { expect, it } from "vitest";
import { readable } from "./readable";

it("sets JSON on lines, and leaves all else as it came", () => {
  expect(readable('{"a":[1]}')).toBe('{\n  "a": [\n    1\n  ]\n}');
  expect(readable("a=1&b=2")).toBe("a=1&b=2");
});
