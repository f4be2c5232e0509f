import { prepare, type ShownPart } from "./shown";

const TOKEN = "v1.1.u_RzbN26yDwy-JHJ-FoPmEq8raY4VN2X1o6WTEIBRL3QWGwK5_xvQjqLqREmQzji";
const DOT: ShownPart = {
  contentType: "image/gif",
  content: new Uint8Array([71, 73, 70]),
  contentId: "dot@example.com",
};

function show(html: string, { parts = [DOT], pictures = false } = {}) {
  const page = new DOMParser().parseFromString(html, "text/html");
  const found = prepare(page, parts, pictures);
  return { ...found, html: page.documentElement.outerHTML };
}

it("shows the pictures that a message brings along", () => {
  const { html } = show('<img src="cid:dot@example.com"><img src="cid:dot%40example.com">');
  expect(html.match(/src="data:image\/gif;base64,R0lG"/g)).toHaveLength(2);
});

it("shows no file as a picture that is none", () => {
  const { html } = show('<img src="cid:dot@example.com">', { parts: [{ ...DOT, contentType: "text/html" }] });
  expect(html).not.toContain("src=");
});

it("is no open: the pixel is not there, even where pictures are wanted", () => {
  for (const pictures of [true, false]) {
    const body = `<p>Hi</p><img src="https://api.example/t/o/${TOKEN}" width="1">`;
    const { html, remote } = show(body, { pictures });
    expect(html).not.toContain("<img");
    expect(remote).toBe(0);
  }
});

it("is no click: our own links lead nowhere, all others where they say, in a window of their own", () => {
  const body = `<a href="https://api.example/t/c/${TOKEN}">shop</a> <a href="https://shop.example/t/c/">other</a>`;
  const { html, tracked } = show(body, { pictures: true });
  expect(tracked).toBe(1);
  expect(html).toContain("<a>shop</a>");
  expect(html).toContain('<a href="https://shop.example/t/c/" target="_blank" rel="noopener noreferrer">other</a>');
});

it("runs and redirects nothing", () => {
  const body = `<base href="https://a.example/"><meta http-equiv="refresh" content="0; url=https://a.example/">
    <script src="https://a.example/x.js"></script><link rel="stylesheet" href="https://a.example/x.css"><p>Hi</p>`;
  expect(show(body, { pictures: true }).html).not.toContain("a.example");
});

it("loads nothing from elsewhere until that is asked for", () => {
  const body = `<style>@import "https://a.example/x.css"; p { background: url(https://a.example/1.png) }</style>
    <table background="//a.example/2.png"><tr><td style="background: url('https://a.example/3.png')">x</td></tr></table>
    <img src="https://a.example/4.png" srcset="https://a.example/5.png 2x" alt="Four"><img src="HTTP://a.example/6.png">`;
  const quiet = show(body);
  expect(quiet.html).not.toMatch(/a\.example/i);
  expect(quiet.html).toContain('alt="Four"');
  expect(quiet.remote).toBe(2);
  const loud = show(body, { pictures: true });
  expect(loud.html).toContain('src="https://a.example/4.png"');
  expect(loud.html).toContain("a.example/3.png");
});

it("leaves pictures in its styles that it brings along", () => {
  const body = `<p style="background: url('data:image/gif;base64,R0lG')">x</p>`;
  expect(show(body).html).toContain("data:image/gif;base64,R0lG");
});
