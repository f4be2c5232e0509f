import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";

const OURS = fileURLToPath(new URL("app/i18n/aria-locale.ts", import.meta.url));

/**
 * React Aria asks the browser for its locales as soon as it is loaded, which takes a browser as long as all the rest of
 * its code. The component always says which locale it is; so app/i18n/aria-locale.ts stands in for that module.
 */
export function unasked(): Plugin {
  let found = false;
  return {
    name: "unasked",
    apply: "build",
    enforce: "pre",
    resolveId(source) {
      if (!/\/useDefaultLocale(\.mjs)?$/.test(source)) return null;
      found = true;
      return OURS;
    },
    buildEnd(error) {
      if (!error && !found) this.error("React Aria has no useDefaultLocale any more: see vite.locale.ts.");
    },
  };
}
