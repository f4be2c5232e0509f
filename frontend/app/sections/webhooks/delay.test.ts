import fc from "fast-check";
import { expect, it } from "vitest";
import { delayOf, secondsOf } from "./delay";

it("says a delay in the largest unit that fits", () => {
  expect(delayOf(0)).toEqual({ amount: null, unit: "minutes" });
  expect(delayOf(45)).toEqual({ amount: 45, unit: "seconds" });
  expect(delayOf(5400)).toEqual({ amount: 90, unit: "minutes" });
  expect(delayOf(172_800)).toEqual({ amount: 2, unit: "days" });
});

it("keeps every delay", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 2_592_000 }), (seconds) => secondsOf(delayOf(seconds)) === seconds));
});
