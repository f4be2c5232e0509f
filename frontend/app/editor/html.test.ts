import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isFaithful, readHtml, writeHtml } from "./html";
import { samples } from "./samples";

const template = { liquid: true };
const again = (html: string, options = template) => writeHtml(readHtml(html, options), options);

describe("what is saved is what is shown again", () => {
  it.each(samples)("%s", (_, html) => {
    const written = again(html);
    expect(written).toBe(html);
    expect(readHtml(written, template)).toEqual(readHtml(html, template));
    expect(isFaithful(html, template)).toBe(true);
  });
});

describe("other ways to write the same", () => {
  it.each([
    ["old names", "<p><b>a</b><i>b</i><del>c</del></p>", "<p><strong>a</strong><em>b</em><s>c</s></p>"],
    ["lines in no block", "Hello {{ name }}", "<p>Hello {{ name }}</p>"],
    ["indented lists", "<ul>\n  <li>a</li>\n  <li>b</li>\n</ul>\n", "<ul><li>a</li><li>b</li></ul>"],
    ["other colours", '<p><span style="color:red">a</span></p>', '<p><span style="color: red">a</span></p>'],
    [
      "parts of tables",
      "<table><thead><tr><th>a</th></tr></thead></table>",
      "<table><tbody><tr><th>a</th></tr></tbody></table>",
    ],
    [
      "single quotes",
      "<p><a href='{{ url | append: \"?a=1\" }}'>a</a></p>",
      "<p><a href=\"{{ url | append: '?a=1' }}\">a</a></p>",
    ],
  ])("are understood: %s", (_, given, written) => {
    expect(again(given)).toBe(written);
    expect(isFaithful(given, template)).toBe(true);
  });
});

describe("what the editor can't show", () => {
  it.each([
    ["styles", "<style>p { color: red }</style><p>a</p>"],
    ["whole documents", '<html lang="en"><body style="margin:0"><p>a</p></body></html>'],
    ["boxes", '<div style="padding: 8px"><p>a</p></div>'],
    ["comments", "<!--[if mso]><p>a</p><![endif]--><p>b</p>"],
    ["scripts", "<script>alert(1)</script><p>a</p>"],
    ["logic inside of a tag's attributes", '<p style="{% if late %}color: red{% endif %}">a</p>'],
    ["fonts of old", '<p><font color="red">a</font></p>'],
    ["widths of columns", '<table><colgroup><col width="10"></colgroup><tbody><tr><td>a</td></tr></tbody></table>'],
    ["an element of its own", "<p><kbd>a</kbd></p>"],
    ["an attribute whose name is none", "<p ?>a</p>"],
    ["a link to a script", '<p><a href="javascript:alert(1)">a</a></p>'],
  ])("is told, and stays in the source: %s", (_, html) => {
    expect(isFaithful(html, template)).toBe(false);
  });
});

describe("messages that are sent as they are", () => {
  it("take braces for text", () => {
    expect(again("<p>{{ name }} {% if %}</p>", { liquid: false })).toBe("<p>{{ name }} {% if %}</p>");
    expect(readHtml("<p>{{ name }}</p>", { liquid: false }).content?.[0]?.content?.[0]?.type).toBe("text");
  });

  it("are empty where nothing is written", () => {
    expect(again("", { liquid: false })).toBe("");
    expect(again("<p></p>", { liquid: false })).toBe("");
  });
});

describe("chips", () => {
  it("hold Liquid as it was written", () => {
    const [paragraph] = readHtml("<p>Hi {{name}}{%- if a < b -%}x{% endif %}</p>", template).content ?? [];
    const chips = (paragraph?.content ?? []).filter((node) => node.type === "liquidChip");
    expect(chips.map((chip) => (chip.attrs?.["liquid"] as string | undefined) ?? "")).toEqual([
      "{{name}}",
      "{%- if a < b -%}",
      "{% endif %}",
    ]);
  });
});

const word = fc
  .stringMatching(/^[a-zA-Z0-9äöü&<>"'.,!?{}% ]{1,12}$/)
  .map((text) => text.trim().replace(/\s+/g, " ") || "a");
const escaped = word.map((text) => {
  // A blank at the edge of a block shows nothing, and is not kept.
  const kept = text.replace(/[{}%]/g, "").trim().replace(/\s+/g, " ");
  return kept.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;") || "a";
});
const name = fc.stringMatching(/^[a-z_]{1,8}$/);
const chip = fc.oneof(
  name.map((key) => `{{ ${key} }}`),
  fc.tuple(name, name).map(([key, other]) => `{{ ${key} | default: "<${other}>" }}`),
  fc.tuple(name, escaped).map(([key, text]) => `{% if ${key} < 3 %}${text}{% endif %}`),
);
const marked = fc
  .tuple(fc.constantFrom("strong", "em", "u", "s"), escaped)
  .map(([tag, text]) => `<${tag}>${text}</${tag}>`);
const styled = fc
  .tuple(fc.constantFrom("color: #ff0000", "background-color: #ffff00", "font-size: 20px"), escaped)
  .map(([style, text]) => `<span style="${style}">${text}</span>`);
const link = fc
  .tuple(name, escaped)
  .map(([path, text]) => `<a href="https://example.com/${path}?a=1&amp;b={{ x }}">${text}</a>`);
const inline = fc
  .array(fc.oneof(escaped, chip, styled, link, fc.constant("<br>"), fc.constant('<img src="cid:a" alt="x">')), {
    minLength: 1,
    maxLength: 5,
  })
  // Something between, so that neighbours don't become one.
  .map((parts) => `a${parts.join("–")}z`);
const aligned = fc.constantFrom("", ' style="text-align: center"', ' class="lead"', ' dir="rtl"');
const block: fc.Arbitrary<string> = fc.oneof(
  fc.tuple(aligned, inline).map(([attributes, text]) => `<p${attributes}>${text}</p>`),
  fc.tuple(fc.constantFrom(1, 2, 3), inline).map(([level, text]) => `<h${level}>${text}</h${level}>`),
  fc
    .tuple(fc.constantFrom("ul", "ol"), fc.array(inline, { minLength: 1, maxLength: 3 }))
    .map(([tag, items]) => `<${tag}>${items.map((item) => `<li>${item}</li>`).join("")}</${tag}>`),
  inline.map((item) => `<ul>{% for x in items %}<li>${item}</li>{% endfor %}</ul>`),
  fc
    .array(inline, { minLength: 1, maxLength: 3 })
    .map(
      (cells) =>
        `<table style="width: 100%"><tbody><tr>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr></tbody></table>`,
    ),
  inline.map((text) => `<blockquote><p>${text}</p></blockquote>`),
  marked.map((text) => `<p>${text}</p>`),
  fc.constant("<hr>"),
  fc.constant("{% if late %}"),
  fc.constant("{% endif %}"),
);

describe("any message", () => {
  it("comes back as it was written", () => {
    fc.assert(
      fc.property(fc.array(block, { minLength: 1, maxLength: 6 }), (blocks) => {
        const html = blocks.join("");
        expect(again(html)).toBe(html);
        expect(isFaithful(html, template)).toBe(true);
      }),
      { numRuns: 40 },
    );
  }, 60_000);

  it("settles with one writing, whatever it was, and no Liquid is lost where it counts as faithful", () => {
    const noise = fc.array(
      fc.oneof(block, inline, word, fc.constantFrom("<div>", "</p>", "<td>", "{%", "}}", "<!--", "<p>")),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(noise, (parts) => {
        const html = parts.join("");
        const once = again(html);
        if (isFaithful(html, template)) expect(again(once)).toBe(once);
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});
