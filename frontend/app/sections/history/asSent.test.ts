import { parseMessage } from "./asSent";

const MIME = [
  "From: Ada <ada@example.com>",
  "To: Grace <grace@example.com>",
  "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=",
  "MIME-Version: 1.0",
  'Content-Type: multipart/mixed; boundary="outer"',
  "",
  "--outer",
  'Content-Type: multipart/alternative; boundary="inner"',
  "",
  "--inner",
  "Content-Type: text/plain; charset=utf-8",
  "",
  "Hello",
  "--inner",
  "Content-Type: text/html; charset=utf-8",
  "",
  '<p>Hello <img src="cid:dot@example.com"></p>',
  "--inner--",
  "--outer",
  "Content-Type: image/gif",
  "Content-Transfer-Encoding: base64",
  "Content-ID: <dot@example.com>",
  'Content-Disposition: inline; filename="dot.gif"',
  "",
  "R0lG",
  "--outer",
  "Content-Type: text/plain",
  'Content-Disposition: attachment; filename="notes.txt"',
  "",
  "Notes",
  "--outer--",
  "",
].join("\r\n");

describe("a message as it was sent", () => {
  it("is taken apart into HTML, text, headers and files", async () => {
    const message = await parseMessage(MIME);
    expect(message.html).toContain("<p>Hello");
    expect(message.text.trim()).toBe("Hello");
    expect(message.headers.map((header) => header.name)).toContain("MIME-Version");
    expect(message.parts.map(({ filename, isInline }) => [filename, isInline])).toEqual([
      ["dot.gif", true],
      ["notes.txt", false],
    ]);
    expect(message.parts[0]).toMatchObject({ contentId: "dot@example.com", contentType: "image/gif" });
  });

  it("may be text alone", async () => {
    const message = await parseMessage("Subject: Hello\r\nContent-Type: text/plain\r\n\r\nGood morning\r\n");
    expect(message).toMatchObject({ html: "", parts: [] });
    expect(message.text.trim()).toBe("Good morning");
  });
});
