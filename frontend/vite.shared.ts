import react from "@vitejs/plugin-react";
import optimizeLocales from "@react-aria/optimize-locales-plugin";
import type { UserConfig } from "vite";
import { unasked } from "./vite.locale.ts";
import { strength } from "./vite.strength.ts";

/** What both builds share. */
export const shared = {
  plugins: [
    react(),
    // React Aria speaks 30 languages; what this component says itself is in i18n/, in English.
    { ...optimizeLocales.vite({ locales: ["en-US"] }), enforce: "pre" as const },
    unasked(),
  ],
  css: { modules: { generateScopedName: "gi-[name]-[local]-[hash:base64:4]" }, postcss: { plugins: [strength] } },
  build: {
    // The browsers that know light-dark().
    target: ["chrome123", "firefox121", "safari17.5"],
    cssTarget: ["chrome123", "firefox121", "safari17.5"],
    reportCompressedSize: false,
  },
} satisfies UserConfig;
