import { useFormat } from "../i18n/format";

/** A time in a list: on one line, and the whole of it for who points at it. `day`: without the hour. */
export function When({ at, day = false }: { at: string; day?: boolean }) {
  const { brief, date, time } = useFormat();
  return (
    <time dateTime={at} title={time(at)}>
      {day ? date(at) : brief(at)}
    </time>
  );
}
