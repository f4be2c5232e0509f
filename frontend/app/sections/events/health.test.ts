import { arrived, healthOf } from "./health";

const endpoint = { enabled: true, disabled_reason: null, failing_since: null };

it("tells an endpoint that was turned off from one that was disabled for its failures", () => {
  expect(healthOf(endpoint)).toBe("enabled");
  expect(healthOf({ ...endpoint, failing_since: "2027-03-01T00:00:00Z" })).toBe("failing");
  expect(healthOf({ ...endpoint, enabled: false })).toBe("off");
  expect(healthOf({ ...endpoint, enabled: false, disabled_reason: "It answered 410." })).toBe("disabled");
});

it("takes a 2xx for arrived, and nothing else", () => {
  expect([200, 204, 299].map((status_code) => arrived({ status_code }))).toEqual([true, true, true]);
  expect([301, 410, 500, null].map((status_code) => arrived({ status_code }))).toEqual([false, false, false, false]);
});
