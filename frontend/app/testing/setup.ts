import "@testing-library/jest-dom/vitest";
import { configure } from "@testing-library/react";
import fc from "fast-check";

// As other property tests here: chance finds new cases on a laptop, and never makes a pipeline fail that has passed.
if (process.env["CI"]) fc.configureGlobal({ seed: 1 });

configure({ asyncUtilTimeout: 20_000 }); // milliseconds, on a machine that is busy with other things

// What goes wrong while a page is drawn is told on the console alone. Where that belongs to a test, it expects it itself.
let trouble: unknown[][] = [];
beforeEach(() => {
  trouble = [];
  vi.spyOn(console, "error").mockImplementation((...said: unknown[]) => void trouble.push(said));
});
afterEach(() => {
  expect(trouble).toEqual([]);
});

// jsdom has none of these.
vi.stubGlobal("CSS", { escape: (text: string) => text.replace(/[^\w-]/g, (sign) => `\\${sign}`) });
class NoResizes {
  observe() {}
  unobserve() {}
  disconnect() {}
}
vi.stubGlobal("ResizeObserver", NoResizes);
vi.stubGlobal("IntersectionObserver", NoResizes);
