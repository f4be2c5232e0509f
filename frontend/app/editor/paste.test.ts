import { describe, expect, it } from "vitest";
import { cleanPaste } from "./paste";
import { DOCS, WORD, WRITER } from "./clipboards";
import { isFaithful, readHtml, writeHtml } from "./html";

const plain = { liquid: false };
const pasted = (html: string) =>
  writeHtml(readHtml(cleanPaste(html).replaceAll("data-parked-style=", "style="), plain), plain);

describe("what is pasted", () => {
  it("from Word keeps its text and its marks, and nothing of Word", () => {
    const html = `<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><style><!-- p.MsoNormal {margin:0cm} --></style></head>
<body lang=EN-GB><!--StartFragment--><p class=MsoNormal style='margin-bottom:8pt'><b><span lang=EN-US style='font-family:"Calibri",sans-serif'>Bold</span></b><o:p></o:p></p>
<p class=MsoNormal><span style='color:#C00000'>Red</span> and <i>italic</i><o:p>&nbsp;</o:p></p><!--EndFragment--></body></html>`;
    expect(pasted(html)).toBe(
      '<p><strong>Bold</strong></p><p><span style="color: #c00000">Red</span> and <em>italic</em></p>',
    );
  });

  it("from Word makes lists of what only looked like them", () => {
    const item = (level: number, marker: string, text: string) =>
      `<p class=MsoListParagraph style='text-indent:-18.0pt;mso-list:l0 level${level} lfo1'><![if !supportLists]><span style='font-family:Symbol'><span style='mso-list:Ignore'>${marker}<span>&nbsp;&nbsp; </span></span></span><![endif]>${text}</p>`;
    expect(pasted(item(1, "·", "a") + item(2, "o", "b") + item(1, "·", "c"))).toBe(
      "<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>",
    );
    expect(pasted(item(1, "1.", "a") + item(1, "2.", "b"))).toBe("<ol><li>a</li><li>b</li></ol>");
  });

  it("from Google Docs keeps what its styles mean", () => {
    const html = `<meta charset='utf-8'><b style="font-weight:normal;" id="docs-internal-guid-1"><p dir="ltr" style="line-height:1.38;margin-top:0pt;">
<span style="font-size:11pt;font-family:Arial,sans-serif;color:#000000;background-color:transparent;font-weight:700;font-style:normal;text-decoration:none;">Bold</span>
<span style="font-size:11pt;color:#ff0000;font-weight:400;font-style:italic;">red</span></p>
<ul style="margin-top:0"><li dir="ltr" style="list-style-type:disc" aria-level="1"><p dir="ltr" role="presentation"><span style="font-weight:400">item</span></p></li></ul></b>`;
    expect(pasted(html)).toBe(
      '<p><strong>Bold</strong> <span style="color: #ff0000"><em>red</em></span></p><ul><li>item</li></ul>',
    );
  });

  const ruled = "padding: 6px 8px; vertical-align: top; border: 1px solid #c4c9d4";
  const row = (...cells: string[]) => `<tr>${cells.map((cell) => `<td style="${ruled}">${cell}</td>`).join("")}</tr>`;
  const rest =
    "<p><br></p><ul><li>Mill<ul><li>Barrels</li></ul></li><li>Store</li></ul>" +
    `<table style="border-collapse: collapse; width: 100%"><tbody>${row("Part", "Turns")}${row("Mill", "42")}</tbody></table>`;

  it.each([
    [
      "Word",
      WORD,
      '<h1>The Engine</h1><p style="text-align: center"><strong>Bold</strong>, <em>italic</em>, <u>underlined</u>, ' +
        '<s>struck</s>, <span style="color: #c00000">red</span> and <span style="background-color: yellow">marked</span>; ' +
        'see <a href="https://example.com/engine?a=1&amp;b=2"><span style="color: #0563c1">the page</span></a>.</p>' +
        `${rest}<p>Yours</p>`,
    ],
    [
      "Google Docs",
      DOCS,
      '<h2>The Engine</h2><p style="text-align: center"><strong>Bold</strong>, <em>italic</em>, <u>underlined</u> and ' +
        '<span style="color: #ff0000">red</span>; see <a href="https://example.com/engine"><span style="color: #1155cc">' +
        `the page</span></a>.</p>${rest}<p><img src="https://lh7-rt.googleusercontent.com/docsz/AD_4nXd" width="602" ` +
        'height="200"></p>',
    ],
    [
      "LibreOffice",
      WRITER,
      '<h3>The Engine</h3><p style="text-align: center"><span style="color: #c9211e"><strong>Red</strong></span> and ' +
        "small</p><ol><li>One</li><li>Two</li></ol>",
    ],
  ])("as a page of %s is that page, without the program, and stays so", (_, clipboard, html) => {
    expect(pasted(clipboard)).toBe(html);
    expect(writeHtml(readHtml(html, plain), plain)).toBe(html);
    expect(isFaithful(html, plain)).toBe(true);
  });

  it("brings no scripts, no pictures from a disk and no forms", () => {
    expect(
      pasted(`<p onclick="x()">a<img src="file:///c:/a.png"><script>x()</script><a href="javascript:x()">b</a></p>`),
    ).toBe("<p>ab</p>");
  });

  it("keeps tables", () => {
    expect(
      pasted(
        "<table class=Layout width=300><tr><td width=100 style='border:none'>a</td><td colspan=2>b</td></tr></table>",
      ),
    ).toBe('<table><tbody><tr><td>a</td><td colspan="2">b</td></tr></tbody></table>');
  });

  it("keeps the line break inside of a line", () => {
    expect(pasted("<div>a<br>b<br><table><tr><td>c</td></tr></table></div>")).toBe(
      "<p>a<br>b</p><table><tbody><tr><td>c</td></tr></tbody></table>",
    );
  });
});
