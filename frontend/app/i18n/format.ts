import { useMemo } from "react";
import { useIntegration } from "../integration/context";

/** Dates, numbers and sizes in the component's locale. */
export function useFormat() {
  const { locale } = useIntegration();
  return useMemo(() => {
    // Each is made when it is needed: the first of a page takes a browser as long as all of the rest of a card.
    const moment = once(
      () =>
        new Intl.DateTimeFormat(locale, {
          year: "numeric",
          month: "short",
          day: "numeric",
          hour: "numeric",
          minute: "2-digit",
          timeZoneName: "short",
        }),
    );
    const brief = once(() => new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" }));
    const day = once(() => new Intl.DateTimeFormat(locale, { dateStyle: "medium" }));
    const number = once(() => new Intl.NumberFormat(locale));
    return {
      /** An RFC 3339 time in the reader's time zone, which it names. */
      time: (value: string) => moment().format(new Date(value)),
      /** The same without the zone's name, where many stand below each other or one that names it stands beside. */
      brief: (value: string) => brief().format(new Date(value)),
      date: (value: string) => day().format(new Date(value)),
      number: (value: number) => number().format(value),
      /** Bytes, such as "1.4 MB". */
      size: (bytes: number) => size(bytes, locale),
    };
  }, [locale]);
}

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;

function size(bytes: number, locale: string): string {
  const step = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), UNITS.length - 1);
  const options = {
    style: "unit",
    unit: UNITS[step],
    unitDisplay: step ? "short" : "long",
    maximumFractionDigits: 1,
  } as const;
  return new Intl.NumberFormat(locale, options).format(bytes / 1000 ** step);
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
