import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, renderHook, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { makeClient } from "../../api/client";
import type { Template, WrittenTemplate } from "../../api/templates";
import { en } from "../../i18n/en";
import { IntegrationContext, type Integration } from "../../integration/context";
import { answering, problem } from "../../testing/render";
import { NoticeRegion } from "../../ui/notices";
import { useDraft } from "./useDraft";

const ADA = ["one", "acc_ada"];
const TEMPLATE = {
  id: "tpl_1",
  kind: "message",
  name: "Order",
  subject: "",
  preheader: "",
  html: "<p>Old</p>",
  text: null,
  layout: null,
  variables: [],
} as unknown as Template;
const saved = (html: string) => ({ ...TEMPLATE, html, problems: [] }) as unknown as WrittenTemplate;

function edited(
  template: Template | null,
  owner: readonly string[] = ADA,
  onMade: (made: Template) => void = () => {},
) {
  const integration = { api: makeClient("", () => "token"), strings: en } as Integration;
  const cache = new QueryClient();
  return renderHook((given: Template | null) => useDraft(given, "message", owner, onMade), {
    initialProps: template,
    wrapper: ({ children }) => (
      <IntegrationContext value={integration}>
        <QueryClientProvider client={cache}>
          <NoticeRegion>{children}</NoticeRegion>
        </QueryClientProvider>
      </IntegrationContext>
    ),
  });
}

/** "New" is being saved while "New and more" is written; then the answer comes. */
async function editedWhileSaved(template: Template | null, call: string) {
  let answer: (written: WrittenTemplate) => void = () => {};
  answering({ [call]: new Promise((resolve) => (answer = resolve)) });
  const hook = edited(template, ADA, (made) => hook.rerender(made));
  act(() => hook.result.current.change({ html: "<p>New</p>" }));
  let saving: Promise<unknown> = Promise.resolve();
  act(() => {
    saving = hook.result.current.save();
  });
  await waitFor(() => expect(hook.result.current.doing).toBe("saving"));
  act(() => hook.result.current.change({ html: "<p>New and more</p>" }));
  await act(async () => {
    answer(saved("<p>New</p>"));
    await saving;
  });
  return hook;
}

afterEach(() => sessionStorage.clear());

it("keeps what is typed while it is being saved", async () => {
  const hook = await editedWhileSaved(TEMPLATE, "PUT /api/gmail/templates/tpl_1/");
  hook.rerender(saved("<p>New</p>"));
  expect(hook.result.current.draft.html).toBe("<p>New and more</p>");
  expect(hook.result.current.dirty).toBe(true);
  expect(edited(saved("<p>New</p>")).result.current.draft.html).toBe("<p>New and more</p>");
});

it("keeps what is typed while a new one is saved for that one, not for the next new one", async () => {
  await editedWhileSaved(null, "POST /api/gmail/templates/");
  expect(edited(saved("<p>New</p>")).result.current.draft.html).toBe("<p>New and more</p>");
  expect(edited(null).result.current.draft.html).toBe("");
});

it("keeps it for that one, too, where one has left the form before the answer comes", async () => {
  let answer: (written: WrittenTemplate) => void = () => {};
  answering({ "POST /api/gmail/templates/": new Promise((resolve) => (answer = resolve)) });
  const hook = edited(null);
  act(() => hook.result.current.change({ html: "<p>New</p>" }));
  let saving: Promise<unknown> = Promise.resolve();
  act(() => {
    saving = hook.result.current.save();
  });
  act(() => hook.result.current.change({ html: "<p>New and more</p>" }));
  hook.unmount();
  await act(async () => {
    answer(saved("<p>New</p>"));
    await saving;
  });
  expect(edited(null).result.current.draft.html).toBe("");
  expect(edited(saved("<p>New</p>")).result.current.draft.html).toBe("<p>New and more</p>");
});

it("keeps what is typed while a new one is published for that one, not for the next new one", async () => {
  let answer: (published: object) => void = () => {};
  answering({
    "POST /api/gmail/templates/": saved("<p>New</p>"),
    "POST /api/gmail/templates/tpl_1/publish/": new Promise((resolve) => (answer = resolve)),
  });
  const hook = edited(null, ADA, (made) => hook.rerender(made));
  act(() => hook.result.current.change({ html: "<p>New</p>" }));
  let publishing: Promise<unknown> = Promise.resolve();
  act(() => {
    publishing = hook.result.current.publish();
  });
  await waitFor(() => expect(hook.result.current.dirty).toBe(false)); // it is saved, and being published
  act(() => hook.result.current.change({ html: "<p>New and more</p>" }));
  expect(edited(null).result.current.draft.html).toBe("");
  expect(edited(saved("<p>New</p>")).result.current.draft.html).toBe("<p>New and more</p>");
  await act(async () => {
    answer({ ...saved("<p>New</p>"), version: 1 });
    await publishing;
  });
  expect(hook.result.current).toMatchObject({ dirty: true, draft: { html: "<p>New and more</p>" } });
});

it("makes no second template where publishing the first was refused", async () => {
  const calls = answering({
    "POST /api/gmail/templates/": saved("<p>New</p>"),
    "POST /api/gmail/templates/tpl_1/publish/": problem(422, "invalid_request"),
    "PUT /api/gmail/templates/tpl_1/": saved("<p>Newer</p>"),
  });
  const hook = edited(null, ADA, (made) => hook.rerender(made));
  act(() => hook.result.current.change({ html: "<p>New</p>" }));
  await act(() => hook.result.current.publish().catch(() => undefined));
  act(() => hook.result.current.change({ html: "<p>Newer</p>" }));
  await act(() => hook.result.current.save());
  expect(calls.lines.filter((line) => /^(POST|PUT)/.test(line))).toEqual([
    "POST /api/gmail/templates/",
    "POST /api/gmail/templates/tpl_1/publish/",
    "PUT /api/gmail/templates/tpl_1/",
  ]);
});

it("comes back on what somebody else has saved since, and says where that is at odds with it", async () => {
  const first = edited(TEMPLATE);
  act(() => first.result.current.change({ html: "<p>Mine</p>" }));
  first.unmount();
  const theirs = { ...TEMPLATE, subject: "Theirs" };
  const again = edited(theirs);
  expect(again.result.current.draft).toMatchObject({ html: "<p>Mine</p>", subject: "Theirs" });
  expect(await screen.findByText("This is what you had not saved yet.")).toBeVisible();
  again.rerender({ ...theirs, html: "<p>Theirs</p>" });
  expect(again.result.current.draft).toMatchObject({ html: "<p>Mine</p>", subject: "Theirs" });
  expect(await screen.findByText(/was changed elsewhere, too/)).toBeVisible();
  answering({ "PUT /api/gmail/templates/tpl_1/": { ...theirs, html: "<p>Mine</p>", problems: [] } });
  await userEvent.click(screen.getByRole("button", { name: "Dismiss" }));
  await act(() => again.result.current.save());
  expect(screen.queryByText(/had not saved yet|was changed elsewhere/)).toBeNull();
});

it("forgets what is saved", async () => {
  answering({ "PUT /api/gmail/templates/tpl_1/": saved("<p>New</p>") });
  const hook = edited(TEMPLATE);
  act(() => hook.result.current.change({ html: "<p>New</p>" }));
  await act(() => hook.result.current.save());
  hook.rerender(saved("<p>New</p>"));
  expect(hook.result.current.dirty).toBe(false);
  expect(sessionStorage).toHaveLength(0);
});

it("gives back after a reload what was not saved, to who has the account", () => {
  const { result, unmount } = edited(null);
  act(() => result.current.change({ html: "<p>Half</p>" }));
  unmount();
  expect(edited(null, ["two", "acc_ada"]).result.current.draft.html).toBe("<p>Half</p>");
  expect(edited(null, ["three", "acc_grace"]).result.current.draft.html).toBe("");
});
