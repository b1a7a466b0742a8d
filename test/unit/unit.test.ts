import { describe, expect, it } from "vitest";
import { unitScale } from "../../src/model/unit.ts";

describe("the scale from one unit to another", () => {
  it.each([
    ["ms", "s", 0.001], ["s", "ms", 1000], ["min", "h", 1 / 60], ["KiBy", "By", 1024], ["MBy", "KiBy", 1e6 / 1024], ["%", "1", 0.01],
    ["{request}/min", "{request}/s", 1 / 60], ["By/s", "kBy/min", 0.06], ["{job}", "", 1], ["furlong", "furlong", 1],
  ])("from %s to %s is %d", (from, to, scale) => { expect(unitScale(from, to)).toBeCloseTo(scale, 12); });

  it.each([["s", "By"], ["", "ms"], ["By/s", "By"], ["1/s", "s"], ["furlong", "s"]])("from %s to %s is not known", (from, to) => {
    expect(unitScale(from, to)).toBeUndefined();
    expect(unitScale(to, from)).toBeUndefined();
  });
});
