import { defineConfig } from "vitest/config";
import { shared } from "./vite.shared.ts";

export default defineConfig({
  plugins: shared.plugins,
  test: {
    environment: "jsdom",
    globals: true,
    include: ["app/**/*.test.{ts,tsx}"],
    setupFiles: ["app/testing/setup.ts"],
    css: { modules: { classNameStrategy: "non-scoped" } },
    restoreMocks: true,
    testTimeout: 60_000, // milliseconds: how busy the machine is says nothing about the code
  },
});
