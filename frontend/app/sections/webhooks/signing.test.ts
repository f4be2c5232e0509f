import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import { scriptFor } from "./signing";

const trigger = { url: "https://mail.example.com/api/gmail/hooks/trg_1/", scheme: "github", hmac: null } as const;

/** What the shell makes of it, up to the call. */
function run(script: string, name: string): string {
  const before = script.slice(0, script.indexOf("\ncurl "));
  return execFileSync("bash", ["-euc", `${before}\nprintf %s "$${name}"`], { encoding: "utf8" });
}

it("keeps a payload as it is, whatever the shell could make of it", () => {
  const payload = `{"name": "O'Brien $HOME \`id\` \\"x\\" !"}`;
  expect(run(scriptFor(trigger, payload, "it's secret"), "BODY")).toBe(payload);
  expect(run(scriptFor(trigger, payload, "it's secret"), "SECRET")).toBe("it's secret");
});

it("signs as GitHub's documentation shows", () => {
  // https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries#testing-the-webhook-payload-validation
  expect(run(scriptFor(trigger, "Hello, World!", "It's a Secret to Everybody"), "SIGNATURE")).toBe(
    "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
  );
});

it("marks the place of a secret that is not known", () => {
  expect(scriptFor(trigger, "{}").split("\n")[0]).toBe("SECRET='…'");
});

it("leaves a prefix as it is", () => {
  const hmac = { header: "X-Sign", prefix: '$v"1`=' };
  expect(scriptFor({ ...trigger, scheme: "hmac", hmac }, "{}")).toContain('-H "X-Sign: \\$v\\"1\\`=$SIGNATURE"');
});
