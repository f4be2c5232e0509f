/**
 * Stands in for a module of React Aria's (vite.locale.ts): the locale outside of <I18nProvider>, where nothing of this
 * component is.
 */
interface Locale {
  locale: string;
  direction: "ltr" | "rtl";
}

const OUTSIDE: Locale = { locale: "en-US", direction: "ltr" };

export const getDefaultLocale = (): Locale => OUTSIDE;
export const useDefaultLocale = (): Locale => OUTSIDE;
