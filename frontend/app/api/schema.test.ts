import { execFileSync } from "node:child_process";

it("was generated from openapi.yaml as it is now (npm run generate)", () => {
  // Throws where the file would be another one.
  expect(() => execFileSync("npm", ["run", "--silent", "generate", "--", "--check"], { stdio: "pipe" })).not.toThrow();
}, 30_000);
