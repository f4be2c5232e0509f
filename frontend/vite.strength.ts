import { basename } from "node:path";
import type { Plugin } from "postcss";

const RESET = ":global(:not(#_))";
const OURS = ":global(:not(#_#_))";

/**
 * Makes the component's rules stronger than those of the page around it, which may say of every `button` and `h2` how it
 * looks. An id that nothing has counts as one in a selector's specificity (CSS Selectors 4, §17): one for the reset in
 * theme.module.css, two for everything else, whatever the order of the files. The variables, in `:where(…)`, stay as weak
 * as they are, because pages are to set them; so does the console's own page.
 */
export const strength: Plugin = {
  postcssPlugin: "strength",
  Rule(rule) {
    const file = rule.source?.input.file ?? "";
    if (!file.endsWith(".module.css") || /[/\\]console[/\\]/.test(file)) return;
    if (rule.parent?.type === "atrule" && "name" in rule.parent && /keyframes$/.test(rule.parent.name)) return;
    const weight = basename(file) === "theme.module.css" ? RESET : OURS;
    rule.selectors = rule.selectors.map((one) =>
      /^:(?:where\(|global\(:not\(#_|not\(#_)/.test(one) ? one : `${weight}${one}`,
    );
  },
};
