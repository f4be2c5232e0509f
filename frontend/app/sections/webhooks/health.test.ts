import { expect, it } from "vitest";
import { healthOf } from "./health";

const trigger = { enabled: true, problem: null, failures: 0 };
const problem = { code: "reauth_required", detail: "Expired.", remedy: "Reconnect." } as const;

it("tells what matters most about a trigger", () => {
  expect(healthOf(trigger)).toBe("on");
  expect(healthOf({ ...trigger, failures: 1 })).toBe("shaky");
  expect(healthOf({ ...trigger, failures: 5 })).toBe("failing");
  expect(healthOf({ ...trigger, failures: 5, problem })).toBe("broken");
  expect(healthOf({ ...trigger, enabled: false, failures: 5, problem })).toBe("off");
});
