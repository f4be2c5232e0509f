import type { Trigger } from "../../api/triggers";

type Signs = Pick<Trigger, "url" | "scheme" | "hmac">;

const DIGEST = "openssl dgst -sha256 -mac HMAC -macopt";

/**
 * A shell script that fires a trigger with `payload`, signed as its scheme demands; with curl and openssl, on Linux and
 * macOS. Without a `secret`, its place is marked.
 */
export function scriptFor(trigger: Signs, payload: string, secret = "…"): string {
  return [
    `SECRET=${quoted(secret)}`,
    `BODY=${quoted(payload)}`,
    ...signatureOf(trigger),
    `curl -s ${quoted(trigger.url)} -H 'Content-Type: application/json' --data-raw "$BODY" \\`,
    `  ${headersOf(trigger)
      .map((header) => `-H "${header}"`)
      .join(" \\\n  ")}`,
  ].join("\n");
}

function signatureOf({ scheme, hmac }: Signs): string[] {
  const key = `KEY=$(printf %s "$SECRET" | od -An -v -tx1 | tr -d ' \\n')`;
  const sign = (content: string, encoding: string, digest = DIGEST) =>
    `SIGNATURE=$(printf %s "${content}" | ${digest} "hexkey:$KEY" -binary | ${encoding})`;
  const hex = "od -An -v -tx1 | tr -d ' \\n'";
  const base64 = "openssl base64 -A";
  const now = "NOW=$(date +%s)";
  switch (scheme) {
    case "standard-webhooks":
      return [
        "ID=msg_$(openssl rand -hex 12)",
        now,
        `KEY=$(printf %s "\${SECRET#whsec_}" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \\n')`,
        sign("$ID.$NOW.$BODY", base64),
      ];
    case "stripe":
      return [now, key, sign("$NOW.$BODY", hex)];
    case "github":
      return ["ID=$(openssl rand -hex 16)", key, sign("$BODY", hex)];
    case "shopify":
      return ["ID=$(openssl rand -hex 16)", key, sign("$BODY", base64)];
    case "hmac": {
      const digest = DIGEST.replace("sha256", hmac?.algorithm ?? "sha256");
      const encoding = hmac?.encoding === "base64" ? base64 : hex;
      return [
        ...(hmac?.id_header ? ["ID=$(openssl rand -hex 16)"] : []),
        ...(hmac?.timestamp_header ? [now] : []),
        key,
        sign(hmac?.timestamp_header ? "$NOW.$BODY" : "$BODY", encoding, digest),
      ];
    }
  }
}

function headersOf({ scheme, hmac }: Signs): string[] {
  switch (scheme) {
    case "standard-webhooks":
      return ["webhook-id: $ID", "webhook-timestamp: $NOW", "webhook-signature: v1,$SIGNATURE"];
    case "stripe":
      return ["Stripe-Signature: t=$NOW,v1=$SIGNATURE"];
    case "github":
      return ["X-GitHub-Delivery: $ID", "X-Hub-Signature-256: sha256=$SIGNATURE"];
    case "shopify":
      return ["X-Shopify-Webhook-Id: $ID", "X-Shopify-Hmac-Sha256: $SIGNATURE"];
    case "hmac":
      return [
        ...(hmac?.id_header ? [`${hmac.id_header}: $ID`] : []),
        ...(hmac?.timestamp_header ? [`${hmac.timestamp_header}: $NOW`] : []),
        `${hmac?.header ?? ""}: ${inDoubleQuotes(hmac?.prefix ?? "")}$SIGNATURE`,
      ];
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function inDoubleQuotes(text: string): string {
  return text.replace(/["$`\\]/g, "\\$&");
}
