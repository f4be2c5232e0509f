import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";
import { shared } from "./vite.shared.ts";

const page = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** Beside each file its gzip and its brotli form, so that nothing is compressed while somebody waits. */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    enforce: "post",
    generateBundle: {
      order: "post",
      handler(_, bundle) {
        for (const file of Object.values(bundle)) {
          const bytes = Buffer.from(file.type === "chunk" ? file.code : file.source);
          const brotli = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
          this.emitFile({ type: "asset", fileName: `${file.fileName}.gz`, source: gzipSync(bytes, { level: 9 }) });
          this.emitFile({ type: "asset", fileName: `${file.fileName}.br`, source: brotli });
        }
      },
    },
  };
}

/** What app/console/main.ts imports once index.html is shown comes at once, beside it. */
function preloaded(): Plugin {
  return {
    name: "preloaded",
    transformIndexHtml: {
      order: "post",
      handler(_, { bundle, chunk }) {
        if (!bundle || !chunk) return [];
        const scripts = new Set<string>();
        const add = (name: string) => {
          const found = bundle[name];
          if (name === chunk.fileName || scripts.has(name) || found?.type !== "chunk") return;
          scripts.add(name);
          found.imports.forEach(add);
        };
        chunk.dynamicImports.forEach(add);
        const styles = [...scripts].flatMap((name) => {
          const found = bundle[name];
          return found?.type === "chunk" ? [...(found.viteMetadata?.importedCss ?? [])] : [];
        });
        const link = (name: string, attrs: Record<string, string>) => ({
          tag: "link",
          attrs: { ...attrs, crossorigin: true, href: `/${name}` },
        });
        return [
          ...styles.map((name) => link(name, { rel: "stylesheet" })),
          ...[...scripts].map((name) => link(name, { rel: "modulepreload" })),
        ].map((tag) => ({ ...tag, injectTo: "head" as const }));
      },
    },
  };
}

/** The console: pages with hashed assets, which functions/edge/static.py serves. */
export default defineConfig({
  ...shared,
  plugins: [...shared.plugins, preloaded(), compressed()],
  server: {
    proxy: {
      "/api": process.env["API_URL"] ?? "http://localhost:8000",
      "/assets/console.css": "http://localhost:8000",
    },
  },
  build: {
    ...shared.build,
    outDir: "../functions/console_files/dist",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: [page("index.html"), page("frame.html")], checks: { pluginTimings: false } },
  },
});
