import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, renderHook, waitFor } from "@testing-library/react";
import { makeClient } from "../../api/client";
import type { Template, WrittenTemplate } from "../../api/templates";
import { en } from "../../i18n/en";
import { IntegrationContext, type Integration } from "../../integration/context";
import { answering } from "../../testing/render";
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

function edited(template: Template | null, owner: readonly string[] = ADA) {
  const integration = { api: makeClient("", () => "token"), strings: en } as Integration;
  const cache = new QueryClient();
  return renderHook((given: Template | null) => useDraft(given, "message", owner), {
    initialProps: template,
    wrapper: ({ children }) => (
      <IntegrationContext value={integration}>
        <QueryClientProvider client={cache}>{children}</QueryClientProvider>
      </IntegrationContext>
    ),
  });
}

/** "New" is being saved while "New and more" is written; then the answer comes. */
async function editedWhileSaved(template: Template | null, call: string) {
  let answer: (written: WrittenTemplate) => void = () => {};
  answering({ [call]: new Promise((resolve) => (answer = resolve)) });
  const hook = edited(template);
  act(() => hook.result.current.change({ html: "<p>New</p>" }));
  let saving: Promise<unknown> = Promise.resolve();
  act(() => {
    saving = hook.result.current.save();
  });
  await waitFor(() => expect(hook.result.current.isSaving).toBe(true));
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
