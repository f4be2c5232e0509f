import { act, renderHook } from "@testing-library/react";
import { useDraft } from "./useDraft";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function draftOf(start: string) {
  const give = vi.fn();
  const hook = renderHook(({ value }) => useDraft(value, give), { initialProps: { value: start } });
  const type = (text: string) => {
    act(() => hook.result.current[1](text));
  };
  const wait = () => {
    act(() => {
      vi.advanceTimersByTime(400);
    });
  };
  return { give, type, wait, text: () => hook.result.current[0], outside: (value: string) => hook.rerender({ value }) };
}

it("hands on what was typed once, when the typing pauses", () => {
  const draft = draftOf("");
  draft.type("en");
  draft.type("engine ");
  expect(draft.give).not.toHaveBeenCalled();
  draft.wait();
  expect(draft.give.mock.calls).toEqual([["engine"]]);
});

it("keeps the space behind a word while more is typed", () => {
  const draft = draftOf("");
  draft.type("engine ");
  draft.wait();
  draft.outside("engine");
  expect(draft.text()).toBe("engine ");
});

it("takes what comes from outside, and says nothing of it", () => {
  const draft = draftOf("engine");
  draft.outside("");
  draft.wait();
  expect(draft.text()).toBe("");
  expect(draft.give).not.toHaveBeenCalled();
});
