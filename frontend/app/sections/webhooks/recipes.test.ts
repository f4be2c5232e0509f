import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { requestOf } from "./draft";
import { draftOfRecipe, RECIPE_IDS, RECIPES } from "./recipes";

const PAGE = readFileSync("../docs/webhooks.md", "utf8");

/** What the page's recipes ask the API for, in their order: a template, then a trigger, and so on. */
function asked(): unknown[] {
  const recipes = PAGE.slice(PAGE.indexOf("\n## Recipes"));
  return [...recipes.matchAll(/<<'?JSON'?[^\n]*\n([\s\S]*?)\nJSON\n/g)].map(
    ([, body = ""]) => JSON.parse(body) as unknown,
  );
}

it("has the recipes of docs/webhooks.md", () => {
  const shown = RECIPE_IDS.flatMap((id) => {
    const { template, trigger } = RECIPES[id];
    return [template, { ...trigger, template: { id: "$TEMPLATE" } }];
  });
  expect(asked()).toEqual(shown);
});

it.each(RECIPE_IDS)("asks for the same trigger as %s says, but for the example's own addresses", (id) => {
  const { mapping, ...trigger } = RECIPES[id].trigger;
  const { mapping: drafted, ...request } = requestOf(draftOfRecipe(id));
  expect(request).toMatchObject(trigger);
  expect(drafted.variables).toEqual(mapping.variables);
  expect(JSON.stringify(drafted)).not.toMatch(/@example/);
});
