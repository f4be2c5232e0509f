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

/** The console: pages with hashed assets, which functions/edge/static.py serves. */
export default defineConfig({
  ...shared,
  plugins: [...shared.plugins, compressed()],
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
