import { defineConfig } from "vitest/config";

// Counterparts that npm does not bring: Debian's and PyPI's servers, what Go builds. A test skips, and says why, where its
// counterpart is not installed; `.ci/run` installs what it can.
export default defineConfig({
  test: {
    include: ["test/real/**/*.test.ts"],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    maxWorkers: 1,
    passWithNoTests: true,
  },
});
