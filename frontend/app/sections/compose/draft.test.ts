import { describe, expect, it } from "vitest";
import type { TemplateVariable } from "../../api/templates";
import { emptyDraft, mistakesOf, requestOf, usedFiles, type ComposedFile, type Draft } from "./draft";
import { keepComposition, readComposition } from "./keeping";

const draft = (part: Partial<Draft>): Draft => ({
  ...emptyDraft("acc_1"),
  to: ["grace@example.com"],
  html: "<p>Hi</p>",
  htmlText: "Hi",
  ...part,
});
const file = (part: Partial<ComposedFile>): ComposedFile => ({
  key: "k",
  filename: "a.txt",
  size: 10,
  id: "att_1",
  contentId: null,
  failed: false,
  ...part,
});

describe("what the API is asked", () => {
  it("has both bodies, names, and nothing that was not chosen", () => {
    expect(requestOf(draft({ to: ["Grace <grace@example.com>"], subject: "S" }), [], null)).toEqual({
      account: "acc_1",
      to: [{ email: "grace@example.com", name: "Grace" }],
      subject: "S",
      html: "<p>Hi</p>",
      text: "Hi",
    });
  });

  it("leaves the subject to the template or to the message that it replies to, where it is empty", () => {
    expect(requestOf(draft({ kind: "template", template: "tpl_1" }), [], null)).not.toHaveProperty("subject");
    const reply = requestOf(draft({ inReplyTo: { id: "snd_1", subject: "S" } }), [], null);
    expect(reply).not.toHaveProperty("subject");
    expect(reply).toMatchObject({ in_reply_to_send: "snd_1" });
    expect(requestOf(draft({}), [], null)).toMatchObject({ subject: "" });
  });

  it("gives variables their types, and leaves empty ones to the template", () => {
    const variables: TemplateVariable[] = [
      { key: "name" },
      { key: "number", type: "number" },
      { key: "gift", type: "boolean" },
      { key: "books", type: "list" },
    ];
    const values = { number: "7", gift: "false", books: '["Emma"]', gone: "x" };
    expect(requestOf(draft({ kind: "template", template: "tpl_1", values }), variables, null).template).toEqual({
      id: "tpl_1",
      variables: { number: 7, gift: false, books: ["Emma"] },
    });
  });

  it("has the pictures that are in the text, and not those that were taken out of it", () => {
    const files = [
      file({}),
      file({ key: "p", id: "att_2", contentId: "in" }),
      file({ key: "q", id: "att_3", contentId: "out" }),
    ];
    const made = draft({ html: '<p><img src="cid:in"></p>', files });
    expect(requestOf(made, [], null).attachments).toEqual([{ id: "att_1" }, { id: "att_2", content_id: "in" }]);
    expect(usedFiles({ ...made, kind: "text", text: "Hi" })).toHaveLength(1);
  });

  it("says nothing of tracking where the account's settings count, nor for plain text", () => {
    expect(requestOf(draft({ opens: true }), [], null)).toMatchObject({ tracking: { opens: true } });
    expect(requestOf(draft({ kind: "text", text: "Hi", opens: true }), [], null)).not.toHaveProperty("tracking");
  });
});

describe("what has to be mended first", () => {
  it.each([
    [{}, {}],
    [{ to: [] }, { "/to": "recipient" }],
    [{ to: [], bcc: ["a@example.com"] }, {}],
    [{ cc: ["nobody"] }, { "/cc": "address" }],
    [{ html: "" }, { "/html": "body" }],
    [{ kind: "text" as const }, { "/text": "body" }],
    [{ kind: "template" as const }, { "/template/id": "template" }],
    [{ later: true }, { "/send_at": "time" }],
    [{ later: true, sendAt: "2030-01-01T00:00:00Z" }, { "/send_at": "past" }],
    [{ later: true, sendAt: "2030-01-01T00:01:00Z" }, {}],
    [{ later: false, sendAt: "2020-01-01T00:00:00Z" }, {}],
    [{ files: [file({ id: null })] }, { "/attachments": "uploading" }],
    [{ files: [file({ id: null, failed: true })] }, { "/attachments": "failed" }],
    [{ files: [file({ size: 101 })] }, { "/attachments": "size" }],
  ])("stands at its field: %j", (part, mistakes) => {
    expect(mistakesOf(draft(part), [], 100, Date.parse("2030-01-01T00:00:30Z"))).toEqual(mistakes);
  });
});

describe("what is kept in the tab", () => {
  it("comes back to its owner only; what was still being uploaded has failed, so that nothing goes out without it", () => {
    sessionStorage.clear();
    const made = draft({ files: [file({}), file({ key: "b", id: null })] });
    keepComposition(sessionStorage, { draft: made, attempt: null, outgoing: null });
    const found = readComposition(sessionStorage, ["acc_1"])?.draft ?? draft({});
    expect(found.files.map(({ key, failed }) => [key, failed])).toEqual([
      ["k", false],
      ["b", true],
    ]);
    expect(mistakesOf(found, [], 100, 0)).toEqual({ "/attachments": "failed" });
    expect(readComposition(sessionStorage, ["acc_2"])).toBeNull();
    keepComposition(sessionStorage, null);
    expect(readComposition(sessionStorage, ["acc_1"])).toBeNull();
  });

  it("is an empty form where something else lies in its place", () => {
    sessionStorage.setItem("gmail-integration-compose", "{");
    expect(readComposition(sessionStorage, ["acc_1"])).toBeNull();
  });
});
