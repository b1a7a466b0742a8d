import { defineConfig } from "vite";

// One page, no outside requests; the daemon serves what comes out of dist/dashboard.
export default defineConfig({
  root: import.meta.dirname,
  base: "/",
  build: { outDir: "../../../dist/dashboard", emptyOutDir: true, target: "es2023", assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  server: { host: "127.0.0.1", proxy: { "/api": "http://127.0.0.1:8080" } },
});
