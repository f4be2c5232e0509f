import { describe, expect, it } from "vitest";
import { draftOf, emptyDraft, emptyVariable, requestOf } from "./draft";
import type { Template } from "../../api/templates";
import { TYPES, textOfValue, valueOfText, valuesOf } from "./values";

const template = {
  id: "tpl_1",
  kind: "message",
  name: "Order",
  subject: "S",
  preheader: "",
  html: "<p>{{ a }}</p>",
  text: null,
  layout: null,
  variables: [
    { key: "a", type: "string", required: true, fallback: "x" },
    { key: "b", type: "list", required: false, sample: [1, { c: 2 }] },
  ],
} as unknown as Template;

describe("a template's draft", () => {
  it("is saved as it was loaded", () => {
    const { name, kind, subject, preheader, html, text, layout, variables } = template;
    expect(requestOf(draftOf(template), "Untitled")).toEqual({
      name,
      kind,
      subject,
      preheader,
      html,
      text,
      layout,
      variables,
    });
    expect(draftOf(template)).toEqual(draftOf(template));
  });

  it("has a name even where none was given", () => {
    expect(requestOf(emptyDraft("message"), "Untitled")).toMatchObject({ name: "Untitled" });
  });

  it("of a layout has a gap, and nothing that only messages have", () => {
    expect(requestOf(emptyDraft("layout"), "U")).toEqual({
      name: "U",
      kind: "layout",
      html: "{{ content }}",
      variables: [],
    });
  });

  it("sends a sample that means nothing as it was written, so that the API says what is wrong", () => {
    const variables = [{ ...emptyVariable([]), type: "number" as const, sample: "many" }];
    expect(requestOf({ ...emptyDraft("message"), variables }, "U").variables).toMatchObject([{ sample: "many" }]);
  });
});

describe("values", () => {
  it.each([
    ["string", "a", "a"],
    ["number", "1.5", 1.5],
    ["boolean", "true", true],
    ["boolean", "false", false],
    ["date", "2030-01-31", "2030-01-31"],
    ["list", '["a",1]', ["a", 1]],
  ] as const)("of type %s come back as they were", (type, text, value) => {
    expect(valueOfText(type, text)).toEqual(value);
    expect(textOfValue(value)).toBe(text);
  });

  it.each([
    ["number", "1,042"],
    ["number", "Infinity"],
    ["boolean", "yes"],
    ["list", "a, b"],
    ["list", '{"a": 1}'],
  ] as const)("that are no %s mean nothing: %s", (type, text) => {
    expect(valueOfText(type, text)).toBeUndefined();
  });

  it("of a form: empty ones are left out, wrong ones are named", () => {
    const variables = TYPES.map((type) => ({ key: type, type }));
    expect(valuesOf(variables, { string: "a", number: "x", list: "" })).toEqual({
      values: { string: "a" },
      wrong: ["number"],
    });
  });
});
