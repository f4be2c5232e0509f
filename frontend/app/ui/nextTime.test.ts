import { parseZonedDateTime, toCalendarDate, toTime, toZoned } from "@internationalized/date";
import { nextTime } from "./nextTime";

it.each([
  ["2030-03-01T13:28:30[Europe/Berlin]", "14:00:00"],
  ["2030-03-01T22:59:59[Europe/Berlin]", "23:00:00"],
  ["2030-03-01T23:30:00[Europe/Berlin]", "23:59:00"],
])("at %s suggests %s, which is still to come on that day", (given, time) => {
  const now = parseZonedDateTime(given);
  const suggested = toTime(nextTime(now));
  expect(suggested.toString()).toBe(time);
  const today = toZoned(toCalendarDate(now), now.timeZone).set(suggested);
  expect(today.compare(now)).toBeGreaterThan(0);
});
