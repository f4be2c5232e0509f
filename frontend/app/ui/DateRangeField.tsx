import { fromAbsolute, getLocalTimeZone, toCalendarDate, type CalendarDate } from "@internationalized/date";
import { Button } from "react-aria-components/Button";
import { CalendarCell, CalendarGrid } from "react-aria-components/Calendar";
import { DateInput, DateSegment } from "react-aria-components/DateField";
import { DateRangePicker } from "react-aria-components/DateRangePicker";
import { Dialog, Heading } from "react-aria-components/Dialog";
import { Group } from "react-aria-components/Group";
import { Label } from "react-aria-components/Label";
import { Popover } from "react-aria-components/Popover";
import { RangeCalendar } from "react-aria-components/RangeCalendar";
import { useStrings } from "../integration/context";
import { FieldNotes, type FieldProps } from "./TextField";
import buttons from "./Button.module.css";
import styles from "./fields.module.css";
import overlays from "./overlays.module.css";

/** From the start of a day to the end of a day of this time zone; RFC 3339, `until` no longer belongs to it. */
export interface DateRange {
  since: string;
  until: string;
}

export interface DateRangeFieldProps extends FieldProps {
  value: DateRange | null;
  onChange: (value: DateRange | null) => void;
}

/** Some days in a row. */
export function DateRangeField({ label, hint, error, value, onChange }: DateRangeFieldProps) {
  const strings = useStrings();
  return (
    <DateRangePicker
      className={styles.field}
      value={value && toDays(value)}
      onChange={(chosen) => onChange(chosen && fromDays(chosen))}
      isInvalid={Boolean(error)}
      validationBehavior="aria"
    >
      <Label className={styles.label}>{label}</Label>
      <Group className={styles.group}>
        <DateInput slot="start" className={styles.segments}>
          {(segment) => <DateSegment segment={segment} className={styles.segment} />}
        </DateInput>
        <span aria-hidden>–</span>
        <DateInput slot="end" className={styles.segments}>
          {(segment) => <DateSegment segment={segment} className={styles.segment} />}
        </DateInput>
        <Button className={buttons.button} data-kind="plain" data-size="small" aria-label={strings.common.openCalendar}>
          ▾
        </Button>
      </Group>
      <FieldNotes hint={hint} error={error} />
      <Popover className={overlays.popover}>
        <Dialog>
          <RangeCalendar className={styles.calendar}>
            <div className={styles.months}>
              <Button slot="previous" className={styles.remove}>
                ‹
              </Button>
              <Heading />
              <Button slot="next" className={styles.remove}>
                ›
              </Button>
            </div>
            <CalendarGrid>{(date) => <CalendarCell date={date} className={styles.day} />}</CalendarGrid>
          </RangeCalendar>
        </Dialog>
      </Popover>
    </DateRangePicker>
  );
}

function toDays({ since, until }: DateRange): { start: CalendarDate; end: CalendarDate } {
  const day = (time: number) => toCalendarDate(fromAbsolute(time, getLocalTimeZone()));
  return { start: day(Date.parse(since)), end: day(Date.parse(until) - 1) };
}

function fromDays({ start, end }: { start: CalendarDate; end: CalendarDate }): DateRange {
  const zone = getLocalTimeZone();
  return { since: start.toDate(zone).toISOString(), until: end.add({ days: 1 }).toDate(zone).toISOString() };
}
