import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, renderHook } from "@testing-library/react";
import { makeClient } from "../../api/client";
import { en } from "../../i18n/en";
import { IntegrationContext } from "../../integration/context";
import { answering, problem, type Calls } from "../../testing/render";
import { EMPTY, type TriggerDraft } from "./draft";
import { draftOfRecipe, RECIPES } from "./recipes";
import { useMakeTrigger } from "./useMakeTrigger";

const integration = {
  api: makeClient("", () => "token"),
  apiUrl: "",
  strings: en,
  locale: "en-GB",
  returnTo: "",
  connectIn: "redirect" as const,
  instance: "one",
  takeConnectResult: () => null,
};

function made(recipe: (typeof RECIPES)["contact-form"] | null, onDraft: (part: Partial<TriggerDraft>) => void) {
  const cache = new QueryClient();
  return renderHook(() => useMakeTrigger(recipe, onDraft), {
    wrapper: ({ children }) => (
      <IntegrationContext value={integration}>
        <QueryClientProvider client={cache}>{children}</QueryClientProvider>
      </IntegrationContext>
    ),
  }).result;
}

const asked = (calls: Calls) => calls.lines.map((line) => line.replaceAll("/api/gmail/", ""));

it("makes and publishes the recipe's template before the trigger that uses it", async () => {
  const calls = answering({
    "POST /api/gmail/templates/": { id: "tpl_1" },
    "POST /api/gmail/templates/tpl_1/publish/": { id: "tpl_1", version: 1 },
    "POST /api/gmail/triggers/": { id: "trg_1" },
  });
  const hook = made(RECIPES["contact-form"], vi.fn());
  await act(() => hook.current.mutateAsync(draftOfRecipe("contact-form")));
  expect(asked(calls)).toEqual(["POST templates/", "POST templates/tpl_1/publish/", "POST triggers/"]);
  expect(calls.bodies[0]).toEqual(RECIPES["contact-form"].template);
  expect(calls.bodies[2]).toMatchObject({ name: "Contact form", template: { id: "tpl_1" } });
});

it("makes no second template where the trigger was refused, and is tried again", async () => {
  const calls = answering({
    "POST /api/gmail/templates/": { id: "tpl_1" },
    "POST /api/gmail/templates/tpl_1/publish/": { id: "tpl_1", version: 1 },
    "POST /api/gmail/triggers/": problem(400, "invalid_request"),
  });
  let draft = draftOfRecipe("contact-form");
  const hook = made(RECIPES["contact-form"], (part) => (draft = { ...draft, ...part }));
  await act(() => hook.current.mutateAsync(draft).catch(() => undefined));
  await act(() => hook.current.mutateAsync(draft).catch(() => undefined));
  expect(asked(calls).filter((line) => line === "POST templates/")).toHaveLength(1);
  expect(asked(calls).filter((line) => line === "POST triggers/")).toHaveLength(2);
});

it("makes nothing but the trigger where there is no recipe", async () => {
  const calls = answering({ "POST /api/gmail/triggers/": { id: "trg_1" } });
  const hook = made(null, vi.fn());
  await act(() => hook.current.mutateAsync({ ...EMPTY, message: "written", subject: "Hello", html: "<p>Hello</p>" }));
  expect(asked(calls)).toEqual(["POST triggers/"]);
});
