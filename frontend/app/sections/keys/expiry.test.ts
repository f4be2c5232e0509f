import { expiresAt, isExpired } from "./expiry";

const NOW = new Date("2027-03-01T12:00:00Z");

it("counts days from now", () => {
  expect(expiresAt("30", null, NOW)).toBe("2027-03-31T12:00:00.000Z");
  expect(expiresAt("365", null, NOW)).toBe("2028-02-29T12:00:00.000Z");
});

it("takes a time of choice, or never", () => {
  expect(expiresAt("at", "2030-01-01T00:00:00Z", NOW)).toBe("2030-01-01T00:00:00Z");
  expect(expiresAt("never", "2030-01-01T00:00:00Z", NOW)).toBeNull();
});

it("knows a key that works no more", () => {
  expect(isExpired("2027-03-01T12:00:00Z", NOW)).toBe(true);
  expect(isExpired("2027-03-01T12:00:01Z", NOW)).toBe(false);
});
