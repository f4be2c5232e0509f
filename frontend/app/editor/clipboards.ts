/** What word processors put on the clipboard, as a browser hands it over: shortened, but with each kind of noise. */

const item = (place: "First" | "Middle" | "Last", level: number, marker: string, text: string) =>
  `<p class=MsoListParagraphCxSp${place} style='margin-left:${36 * level}.0pt;mso-add-space:auto;text-indent:-18.0pt;` +
  `mso-list:l0 level${level} lfo1'><![if !supportLists]><span lang=EN-US style='font-family:Symbol;mso-fareast-font-family:` +
  `Symbol;mso-bidi-font-family:Symbol;mso-ansi-language:EN-US'><span style='mso-list:Ignore'>${marker}<span ` +
  `style='font:7.0pt "Times New Roman"'>&nbsp;&nbsp;&nbsp;&nbsp;&nbsp; </span></span></span><![endif]><span lang=EN-US ` +
  `style='mso-ansi-language:EN-US'>${text}<o:p></o:p></span></p>`;

const cell = (text: string) =>
  `<td width=301 valign=top style='width:225.4pt;border:solid windowtext 1.0pt;mso-border-alt:solid windowtext .5pt;` +
  `padding:0cm 5.4pt 0cm 5.4pt'><p class=MsoNormal style='margin-bottom:0cm;line-height:normal'>${text}<o:p></o:p></p></td>`;

/** Word for Windows. */
export const WORD = `<html xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"
xmlns:w="urn:schemas-microsoft-com:office:word" xmlns="http://www.w3.org/TR/REC-html40"><head>
<meta http-equiv=Content-Type content="text/html; charset=utf-8"><meta name=ProgId content=Word.Document>
<link rel=File-List href="file:///C:/Users/ada/AppData/Local/Temp/msohtmlclip1/01/clip_filelist.xml">
<!--[if gte mso 9]><xml><w:WordDocument><w:View>Normal</w:View><w:LatentStyles DefLockedState="false">
<w:LsdException Locked="false" Name="heading 1"/></w:LatentStyles></w:WordDocument></xml><![endif]-->
<style><!-- @font-face {font-family:Calibri;} p.MsoNormal, li.MsoNormal {mso-style-unhide:no; margin:0cm;}
@list l0 {mso-list-id:1;} @page WordSection1 {size:595.3pt 841.9pt;} --></style>
<!--[if gte mso 10]><style>table.MsoNormalTable {mso-style-name:"Table Normal";}</style><![endif]-->
</head><body lang=EN-GB style='tab-interval:36.0pt;word-wrap:break-word'><!--StartFragment-->
<h1><span lang=EN-US style='mso-ansi-language:EN-US'>The Engine<o:p></o:p></span></h1>
<p class=MsoNormal align=center style='text-align:center'><b><span lang=EN-US style='font-size:12.0pt;line-height:107%;
font-family:"Times New Roman",serif;mso-fareast-font-family:"Times New Roman";color:windowtext'>Bold</span></b>,
<i style='mso-bidi-font-style:normal'>italic</i>, <u>underlined</u>, <s>struck</s>, <span style='color:#C00000'>red</span>
and <span style='background:yellow;mso-highlight:yellow'>marked</span>; see <a
href="https://example.com/engine?a=1&amp;b=2"><span style='color:#0563C1'>the page</span></a>.<o:p></o:p></p>
<p class=MsoNormal><o:p>&nbsp;</o:p></p>
${item("First", 1, "·", "Mill")}
${item("Middle", 2, "o", "Barrels")}
${item("Last", 1, "·", "Store")}
<table class=MsoTableGrid border=1 cellspacing=0 cellpadding=0 style='border-collapse:collapse;border:none;
mso-yfti-tbllook:1184;mso-padding-alt:0cm 5.4pt 0cm 5.4pt'><tr style='mso-yfti-irow:0;mso-yfti-firstrow:yes'>
${cell("Part")}${cell("Turns")}</tr><tr style='mso-yfti-irow:1;mso-yfti-lastrow:yes'>${cell("Mill")}${cell("42")}</tr></table>
<p class=MsoNormal><!--[if gte vml 1]><v:shape id="Picture_x0020_1" style='width:451pt'><v:imagedata
src="file:///C:/Users/ada/AppData/Local/Temp/msohtmlclip1/01/clip_image001.png" o:title=""/></v:shape><![endif]-->
<![if !vml]><img width=602 height=200 src="file:///C:/Users/ada/AppData/Local/Temp/msohtmlclip1/01/clip_image002.png"
v:shapes="Picture_x0020_1"><![endif]>Yours</p><!--EndFragment--></body></html>`;

const span = (text: string, more = "") =>
  `<span style="font-size:11pt;font-family:Arial,sans-serif;color:#000000;background-color:transparent;font-weight:400;` +
  `font-style:normal;font-variant:normal;text-decoration:none;vertical-align:baseline;white-space:pre;` +
  `white-space:pre-wrap;${more}">${text}</span>`;
const paragraph = (content: string, more = "") =>
  `<p dir="ltr" style="line-height:1.38;margin-top:0pt;margin-bottom:0pt;${more}">${content}</p>`;
const point = (level: number, text: string) =>
  `<li dir="ltr" style="list-style-type:disc;font-size:11pt;font-family:Arial,sans-serif;color:#000000;white-space:pre;" ` +
  `aria-level="${level}"><p dir="ltr" style="line-height:1.38;margin-top:0pt;" role="presentation">${span(text)}</p></li>`;
const LIST = `style="margin-top:0;margin-bottom:0;padding-inline-start:48px;"`;
const field = (text: string) =>
  `<td style="border-left:solid #000000 1pt;border-right:solid #000000 1pt;vertical-align:top;padding:5pt 5pt 5pt 5pt;` +
  `overflow:hidden;overflow-wrap:break-word;">${paragraph(span(text))}</td>`;

/** Google Docs in Chrome. A list inside of a list stands beside the items there, not inside of one. */
export const DOCS = `<meta charset='utf-8'><meta charset="utf-8"><b style="font-weight:normal;"
id="docs-internal-guid-8a2f5c5e-7fff-3d0b-9f1c-0242ac130003"><h2 dir="ltr" style="line-height:1.38;margin-top:18pt;
margin-bottom:6pt;"><span style="font-size:16pt;font-family:Arial,sans-serif;color:#000000;font-weight:400;">The Engine</span></h2>${paragraph(
  `${span("Bold", "font-weight:700;")}${span(", ")}${span("italic", "font-style:italic;")}${span(", ")}${span(
    "underlined",
    "text-decoration:underline;-webkit-text-decoration-skip:none;text-decoration-skip-ink:none;",
  )}${span(" and ")}${span("red", "color:#ff0000;")}${span("; see ")}<a href="https://example.com/engine"
 style="text-decoration:none;">${span("the page", "color:#1155cc;text-decoration:underline;")}</a>${span(".")}`,
  "text-align:center;",
)}<br /><ul ${LIST}>${point(1, "Mill")}<ul ${LIST}>${point(2, "Barrels")}</ul>${point(1, "Store")}</ul><div dir="ltr"
 style="margin-left:0pt;" align="left"><table style="border:none;border-collapse:collapse;"><colgroup><col width="301" /><col
 width="301" /></colgroup><tbody><tr style="height:0pt">${field("Part")}${field("Turns")}</tr><tr style="height:0pt">${field(
   "Mill",
 )}${field("42")}</tr></tbody></table></div>${paragraph(
   `<span style="font-size:11pt;"><span style="border:none;display:inline-block;overflow:hidden;width:602px;height:200px;"><img
 src="https://lh7-rt.googleusercontent.com/docsz/AD_4nXd" width="602" height="200" style="margin-left:0px;margin-top:0px;"
 /></span></span>`,
 )}</b><br class="Apple-interchange-newline">`;

/** LibreOffice Writer. */
export const WRITER = `<!DOCTYPE html><html><head><meta http-equiv="content-type" content="text/html; charset=utf-8"/><title></title>
<meta name="generator" content="LibreOffice 24.8 (Linux)"/><style type="text/css">p { line-height: 115% } a:link { color: #000080 }</style>
</head><body lang="en-GB" link="#000080" vlink="#800000" dir="ltr"><h3 class="western">The Engine</h3>
<p align="center" style="line-height: 100%; margin-bottom: 0.11in"><font color="#c9211e"><b>Red</b></font> and <font
face="Liberation Mono, monospace"><font size="2" style="font-size: 10pt">small</font></font></p>
<ol><li><p style="line-height: 100%">One</p></li><li><p style="line-height: 100%">Two</p></li></ol></body></html>`;
