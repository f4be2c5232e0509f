import { defineConfig, esmExternalRequirePlugin } from "vite";
import { shared } from "./vite.shared.ts";

/** The component for other applications: one ES module that loads its sections when needed, and one stylesheet. */
export default defineConfig({
  ...shared,
  // Some of what is inside is CommonJS and asks for React by require(), which an ES module has not.
  plugins: [...shared.plugins, esmExternalRequirePlugin({ external: [/^react($|\/)/, /^react-dom($|\/)/] })],
  publicDir: false,
  build: {
    ...shared.build,
    outDir: "dist/lib",
    emptyOutDir: true,
    cssCodeSplit: false,
    lib: { entry: "app/index.ts", formats: ["es"], fileName: "gmail-integration", cssFileName: "style" },
    rolldownOptions: {
      output: { banner: '"use client";', chunkFileNames: "chunks/[name]-[hash].js" },
    },
  },
});
