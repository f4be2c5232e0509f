import { act, renderHook } from "@testing-library/react";
import { dropUnsaved, keepUnsaved, readUnsaved, useUnsaved } from "./unsaved";

interface Form {
  name: string;
  secret: string;
}
const EMPTY: Form = { name: "", secret: "" };
const RULES = { fit: (form: Form) => ({ ...form, secret: "" }), together: [] };
const form = (owner: string[]) => renderHook(() => useUnsaved("form", owner, EMPTY, RULES));
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

it("forgets nothing that somebody else has written since", () => {
  const { result } = form(ADA);
  keepUnsaved("form", { owner: ["two", "acc_grace"], draft: { name: "Grace's", secret: "" } });
  act(() => result.current.forget());
  dropUnsaved("form", ADA);
  expect(readUnsaved("form", ["three", "acc_grace"])).toEqual({ name: "Grace's", secret: "" });
});

describe("what was changed of something", () => {
  const SAVED = { name: "Shop", enabled: true, template: "tpl_1", version: 1 };
  const rules = { fit: (given: typeof SAVED) => given, together: [["template", "version"] as const] };
  const edited = (saved: typeof SAVED) =>
    renderHook((now: typeof SAVED) => useUnsaved("edit", ADA, now, rules), { initialProps: saved });
  const left = (part: Partial<typeof SAVED>) => {
    const { result, unmount } = edited(SAVED);
    act(() => result.current.setDraft((draft) => ({ ...draft, ...part })));
    unmount();
  };

  it("comes back without what was not: that is as it is saved by now", () => {
    left({ name: "Shop 2" });
    const again = edited({ ...SAVED, enabled: false });
    expect(again.result.current.draft).toEqual({ ...SAVED, name: "Shop 2", enabled: false });
    expect(again.result.current.restored).toBe(true);
    again.unmount(); // and left once more, it is still no change of `enabled`
    expect(edited(SAVED).result.current.draft).toEqual({ ...SAVED, name: "Shop 2" });
  });

  it("comes back with what belongs to it", () => {
    left({ version: 2 });
    const theirs = { ...SAVED, name: "Theirs", template: "tpl_2", version: 7 };
    expect(edited(theirs).result.current.draft).toEqual({ ...theirs, template: "tpl_1", version: 2 });
  });

  it("stays where another state is read while it is open", () => {
    const { result, rerender } = edited(SAVED);
    act(() => result.current.setDraft({ ...SAVED, name: "Shop 2" }));
    rerender({ ...SAVED, enabled: false });
    expect(result.current.draft).toEqual({ ...SAVED, name: "Shop 2", enabled: false });
  });

  it("is told of where somebody else has changed the same, and nowhere else", () => {
    const back = (saved: typeof SAVED) => {
      left({ name: "Shop 2" });
      return edited(saved).result.current.conflict;
    };
    expect(back({ ...SAVED, enabled: false })).toBe(false);
    expect(back({ ...SAVED, name: "Shop 2" })).toBe(false);
    expect(back({ ...SAVED, name: "Theirs" })).toBe(true);
    sessionStorage.clear();
    const { result, rerender } = edited(SAVED);
    act(() => result.current.setDraft({ ...SAVED, version: 2 }));
    expect(result.current.conflict).toBe(false);
    rerender({ ...SAVED, template: "tpl_2" }); // with the version that it belongs to
    expect(result.current.conflict).toBe(true);
  });

  it("is as it was saved once it is, without what was typed meanwhile", async () => {
    const { result, rerender } = edited(SAVED);
    act(() => result.current.setDraft({ ...SAVED, name: " Shop 2 " }));
    let written = () => {};
    let saving: Promise<unknown> = Promise.resolve();
    act(() => {
      saving = result.current.save(
        (sent) =>
          new Promise((resolve) => {
            written = () => resolve({ saved: { ...sent, name: sent.name.trim() }, place: "edit" });
          }),
      );
    });
    act(() => result.current.setDraft((draft) => ({ ...draft, enabled: false })));
    rerender({ ...SAVED, name: "Shop 2" }); // read again before the answer is there
    await act(async () => {
      written();
      await saving;
    });
    expect(result.current).toMatchObject({ draft: { ...SAVED, name: "Shop 2", enabled: false }, dirty: true });
    expect(result.current.conflict).toBe(false);
    act(() => result.current.setDraft((draft) => ({ ...draft, enabled: true })));
    expect(result.current.dirty).toBe(false);
  });

  it("is nothing to come back where all of it is saved by now", () => {
    left({ name: "Shop 2" });
    const { result } = edited({ ...SAVED, name: "Shop 2" });
    expect(result.current.restored).toBe(false);
    expect(sessionStorage).toHaveLength(0);
  });
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
  keepUnsaved("form", { owner: ADA, draft: EMPTY });
});
