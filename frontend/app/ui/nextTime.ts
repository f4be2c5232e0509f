import { isSameDay, type ZonedDateTime } from "@internationalized/date";

/**
 * The time that a field for something to come suggests: the next full hour, or the day's last minute before midnight. Its
 * time of day goes to whichever day is chosen first: on today it must not lie before now.
 */
export function nextTime(now: ZonedDateTime): ZonedDateTime {
  const hour = now.add({ hours: 1 }).set({ minute: 0, second: 0, millisecond: 0 });
  return isSameDay(hour, now) ? hour : now.set({ hour: 23, minute: 59, second: 0, millisecond: 0 });
}
