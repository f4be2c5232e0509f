import { act, renderHook } from "@testing-library/react";
import { keepUnsaved, readUnsaved, useUnsaved } from "./unsaved";

interface Form {
  name: string;
  secret: string;
}
const EMPTY: Form = { name: "", secret: "" };
const fit = (form: Form) => ({ ...form, secret: "" });
const form = (owner: string[]) => renderHook(() => useUnsaved("form", owner, EMPTY, fit));
const ADA = ["one", "acc_ada"];

afterEach(() => sessionStorage.clear());

it("comes back to who wrote it, also after a new sign-in, and to nobody else", () => {
  const first = form(ADA);
  expect(first.result.current.restored).toBe(false);
  act(() => first.result.current.setDraft({ name: "Half", secret: "" }));
  first.unmount();
  const again = form(["two", "acc_ada"]).result.current;
  expect([again.draft.name, again.restored]).toEqual(["Half", true]);
  expect(form(["three", "acc_grace"]).result.current.draft).toEqual(EMPTY);
  expect(form(["four", "acc_ada"]).result.current.draft.name).toBe("Half");
});

it("keeps no secret", () => {
  const { result } = form(ADA);
  act(() => result.current.setDraft({ name: "", secret: "hush" }));
  expect(sessionStorage).toHaveLength(0);
  act(() => result.current.setDraft({ name: "Half", secret: "hush" }));
  expect(readUnsaved("form", ADA)).toEqual({ name: "Half", secret: "" });
});

it("is forgotten once it is saved, whatever is shown of it still", () => {
  const { result, rerender } = form(ADA);
  act(() => result.current.setDraft({ name: "Half", secret: "" }));
  act(() => result.current.forget());
  rerender();
  act(() => result.current.setDraft({ name: "Whole", secret: "" }));
  expect(readUnsaved("form", ADA)).toBeNull();
});

it("has the browser ask before the page is left, while there is something to lose", () => {
  const { result } = form(ADA);
  const leave = () => window.dispatchEvent(new Event("beforeunload", { cancelable: true }));
  expect(leave()).toBe(true);
  act(() => result.current.setDraft({ name: "Half", secret: "" }));
  expect(leave()).toBe(false);
});

it("is nothing where something else lies in its place, and where it can't be kept", () => {
  sessionStorage.setItem("gmail-integration-unsaved form", "{");
  expect(readUnsaved("form", ADA)).toBeNull();
  vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
    throw new DOMException("Full", "QuotaExceededError");
  });
  keepUnsaved("form", ADA, EMPTY);
});
