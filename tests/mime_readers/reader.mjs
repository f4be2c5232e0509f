// Reads messages from stdin, each behind its length (4 bytes, big-endian), with two independent MIME parsers, and
// answers one line of JSON for each.
import { createHash } from "node:crypto";
import libmime from "libmime";
import { simpleParser } from "mailparser";
import PostalMime, { decodeWords } from "postal-mime";

const digest = (bytes) => createHash("sha256").update(bytes).digest("hex");

// Groups and other shapes stay visible: the test compares, it does not repair.
const mailbox = (entry) => (entry.group ? { group: entry } : { email: entry.address, name: entry.name });

// Neither decodes headers that it does not know.
const decodedWithLibmime = (line) => libmime.decodeWords(libmime.decodeHeader(line).value);

async function readWithMailparser(bytes) {
  const mail = await simpleParser(bytes, {
    skipHtmlToText: true,
    skipTextToHtml: true,
    skipTextLinks: true,
    skipImageLinks: true,
  });
  const addresses = (name) => [mail[name] ?? []].flat().flatMap((list) => list.value.map(mailbox));
  return {
    names: mail.headerLines.map((line) => line.key),
    headers: mail.headerLines.map((line) => line.line),
    subject: mail.subject ?? "",
    from: addresses("from"),
    to: addresses("to"),
    cc: addresses("cc"),
    bcc: addresses("bcc"),
    reply_to: addresses("replyTo"),
    message_id: mail.messageId,
    in_reply_to: mail.inReplyTo ?? "",
    references: [mail.references ?? []].flat(),
    custom: Object.fromEntries(mail.headerLines.map(({ key, line }) => [key, decodedWithLibmime(line)])),
    text: mail.text ?? null,
    html: mail.html || null,
    attachments: mail.attachments.map((file) => ({
      filename: file.filename,
      // `file.contentType` is guessed from the name where the header says application/octet-stream.
      content_type: file.headers.get("content-type").value.toLowerCase(),
      content_id: file.cid ?? "",
      size: file.content.length,
      sha256: digest(file.content),
    })),
  };
}

async function readWithPostalMime(bytes) {
  const mail = await PostalMime.parse(bytes);
  const addresses = (list) => [list ?? []].flat().map(mailbox);
  return {
    names: mail.headers.map((header) => header.key),
    subject: mail.subject ?? "",
    from: addresses(mail.from),
    to: addresses(mail.to),
    cc: addresses(mail.cc),
    bcc: addresses(mail.bcc),
    reply_to: addresses(mail.replyTo),
    message_id: mail.messageId,
    in_reply_to: mail.inReplyTo ?? "",
    references: (mail.references ?? "").split(/\s+/).filter(Boolean),
    custom: Object.fromEntries(mail.headers.map((header) => [header.key, decodeWords(header.value)])),
    text: mail.text ?? null,
    html: mail.html ?? null,
    attachments: mail.attachments.map((file) => ({
      filename: file.filename,
      content_type: file.mimeType,
      content_id: (file.contentId ?? "").replace(/^<|>$/g, ""),
      size: file.content.byteLength,
      sha256: digest(new Uint8Array(file.content)),
    })),
  };
}

async function attempt(read, bytes) {
  try {
    return await read(bytes);
  } catch (error) {
    return { error: String(error?.stack ?? error) };
  }
}

let pending = Buffer.alloc(0);
for await (const chunk of process.stdin) {
  pending = Buffer.concat([pending, chunk]);
  while (pending.length >= 4 && pending.length >= 4 + pending.readUInt32BE(0)) {
    const end = 4 + pending.readUInt32BE(0);
    const message = pending.subarray(4, end);
    pending = pending.subarray(end);
    const answer = {
      mailparser: await attempt(readWithMailparser, message),
      "postal-mime": await attempt(readWithPostalMime, message),
    };
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
}
