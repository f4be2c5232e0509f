// Signs what is asked for on stdin, one JSON object a line, as its sender does.
import { Webhooks } from "@octokit/webhooks";
import { createHmac } from "node:crypto";
import { createInterface } from "node:readline";

const hmac = (secret, body, encoding) => createHmac("sha256", secret).update(body).digest(encoding);

const senders = {
  github: (secret, body) => new Webhooks({ secret }).sign(body.toString("utf8")),
  // https://shopify.dev/docs/apps/build/webhooks/verify-deliveries
  shopify: (secret, body) => hmac(secret, body, "base64"),
  hex: (secret, body) => hmac(secret, body, "hex"),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { sender, secret, body } = JSON.parse(line);
  console.log(JSON.stringify(await senders[sender](secret, Buffer.from(body, "base64"))));
}
