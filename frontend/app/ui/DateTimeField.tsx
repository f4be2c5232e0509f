import { now, parseAbsolute, toCalendarDateTime, toZoned, type ZonedDateTime } from "@internationalized/date";
import { useState } from "react";
import { Button } from "react-aria-components/Button";
import { Calendar, CalendarCell, CalendarGrid } from "react-aria-components/Calendar";
import { DateInput, DateSegment } from "react-aria-components/DateField";
import { DatePicker } from "react-aria-components/DatePicker";
import { Dialog, Heading } from "react-aria-components/Dialog";
import { Group } from "react-aria-components/Group";
import { Label } from "react-aria-components/Label";
import { Popover } from "react-aria-components/Popover";
import { useStrings } from "../integration/context";
import { ComboBox } from "./ComboBox";
import { nextTime } from "./nextTime";
import { FieldNotes, type FieldProps } from "./TextField";
import buttons from "./Button.module.css";
import styles from "./fields.module.css";
import overlays from "./overlays.module.css";

export interface DateTimeFieldProps extends FieldProps {
  /** RFC 3339, in UTC; null while none is chosen. */
  value: string | null;
  onChange: (value: string | null) => void;
  /** The calendar offers nothing before today. Whether the time has passed is for the form to say, in `error`. */
  future?: boolean;
}

const HERE = Intl.DateTimeFormat().resolvedOptions().timeZone;
const ZONES = [...new Set([HERE, "UTC", ...Intl.supportedValuesOf("timeZone")])].map((id) => ({
  id,
  label: id.replaceAll("_", " "),
}));

/** A date and a time of day in a time zone of one's choice. Another zone keeps the time on the clock. */
export function DateTimeField({ label, hint, error, value, onChange, future = false }: DateTimeFieldProps) {
  const strings = useStrings();
  const [zone, setZone] = useState(HERE);
  const shown = value === null ? null : parseAbsolute(value, zone);
  const give = (date: ZonedDateTime | null) => onChange(date === null ? null : date.toDate().toISOString());
  return (
    <div className={styles.row}>
      <DatePicker
        className={styles.field}
        granularity="minute"
        hideTimeZone
        placeholderValue={nextTime(now(zone))}
        {...(future ? { minValue: now(zone) } : {})}
        value={shown}
        onChange={give}
        isInvalid={Boolean(error)}
        validationBehavior="aria"
      >
        <Label className={styles.label}>{label}</Label>
        <Group className={styles.group}>
          <DateInput className={styles.segments}>
            {(segment) => <DateSegment segment={segment} className={styles.segment} />}
          </DateInput>
          <Button
            className={buttons.button}
            data-kind="plain"
            data-size="small"
            aria-label={strings.common.openCalendar}
          >
            ▾
          </Button>
        </Group>
        <FieldNotes hint={hint} error={error} />
        <Popover className={overlays.popover}>
          <Dialog>
            <Calendar className={styles.calendar}>
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
            </Calendar>
          </Dialog>
        </Popover>
      </DatePicker>
      <ComboBox
        label={strings.common.timeZone}
        options={ZONES}
        value={zone}
        onChange={(id) => {
          setZone(id);
          if (shown) give(toZoned(toCalendarDateTime(shown), id));
        }}
      />
    </div>
  );
}
