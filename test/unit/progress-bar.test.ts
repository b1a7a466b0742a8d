import { describe, expect, it } from "vitest";
import { progressBar } from "../../src/cli/progress-bar.ts";

function stream(isTTY: boolean): { readonly written: string[]; readonly as: NodeJS.WriteStream } {
  const written: string[] = [];
  return { written, as: { isTTY, write: (text: string) => written.push(text) > 0 } as unknown as NodeJS.WriteStream };
}

describe("the progress bar", () => {
  it("is drawn over itself on a terminal, and taken away at the end", () => {
    const { written, as } = stream(true);
    const bar = progressBar(as);
    bar.at(0, 4, "");
    bar.at(2, 4, "hpa at 0.7");
    bar.done();
    expect(written.every((text) => text.startsWith("\r\u001B[2K"))).toBe(true);
    expect(written[1]).toContain(`[${"#".repeat(15)}${".".repeat(15)}] 2/4 hpa at 0.7`);
    expect(written[2]).toBe("\r\u001B[2K");
  });

  it("says nothing where there is no terminal, so that logs stay clean", () => {
    const { written, as } = stream(false);
    const bar = progressBar(as);
    bar.at(1, 2, "hpa");
    bar.done();
    expect(written).toEqual([]);
  });
});
