import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyDelta, deltaOf } from "../../src/journal/delta.ts";
import { encodeFrame, frameAt } from "../../src/journal/frame.ts";
import { canonicalJson, fromJsonData, parseCanonicalJson, toJsonData } from "../../src/model/canonical-json.ts";

const json = fc.jsonValue({ maxDepth: 4 });
/** All that a value of the model may hold. Member names that look like tags are among them. */
const data = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, fc.double(), fc.string(), fc.boolean(), fc.constant(null), fc.integer(), fc.float64Array({ maxLength: 5 }), tie("list"), tie("members")),
  list: fc.array(tie("value"), { maxLength: 5 }),
  members: fc.dictionary(fc.oneof(fc.constantFrom("$", "$$", "$f64", "a", "b", "10", "2"), fc.constant("__proto__"), fc.string({ maxLength: 4 })), tie("value"), { maxKeys: 5 }),
})).value;

describe("canonical JSON", () => {
  it("gives every value back, to the last bit", () => {
    fc.assert(fc.property(data, (value) => { expect(parseCanonicalJson(canonicalJson(value))).toEqual(value); }), { numRuns: 2_000 });
  });

  it("is one text for equal values, whatever the order of their members", () => {
    const reversed = (value: unknown): unknown => {
      if (typeof value !== "object" || value === null || value instanceof Float64Array) return value;
      if (Array.isArray(value)) return value.map(reversed);
      return Object.fromEntries(Object.entries(value).reverse().map(([name, member]) => [name, reversed(member)]));
    };
    fc.assert(fc.property(data, (value) => { expect(canonicalJson(reversed(value))).toBe(canonicalJson(value)); }), { numRuns: 1_000 });
  });

  it("is a different text for values that differ", () => {
    const values = [0, -0, NaN, "NaN", null, Infinity, -Infinity, [], {}, [undefined], [null], Float64Array.of(), { $: "NaN" }, { $f64: [] }, { $$: {} }, { a: NaN }, { a: "NaN" }, { a: null }];
    expect(new Set(values.map(canonicalJson)).size).toBe(values.length);
  });

  it("leaves undefined members out and refuses what is no data", () => {
    expect(canonicalJson({ b: undefined, a: 1 })).toBe('{"a":1}');
    for (const value of [new Map(), () => 1, 10n, Symbol("s"), new Date(0), { a: new Set() }]) expect(() => canonicalJson(value)).toThrow(TypeError);
  });

  it("copies nothing that is plain", () => {
    fc.assert(fc.property(json, (value) => {
      fc.pre(!JSON.stringify(value).includes('"$') && !JSON.stringify(toJsonData(value)).includes('"$'));
      expect(toJsonData(value)).toBe(value);
      expect(fromJsonData(value)).toBe(value);
    }));
  });
});

describe("deltas", () => {
  /** Text with the order of members, which a delta keeps too. */
  const text = (value: unknown): string => JSON.stringify(value);

  it("lead from one value to any other, members in the same order", () => {
    fc.assert(fc.property(json, json, (before, after) => {
      const delta = deltaOf(before, after);
      expect(text(delta === undefined ? before : applyDelta(before, JSON.parse(text(delta)) as typeof delta))).toBe(text(after));
    }), { numRuns: 2_000 });
  });

  it("lead from a value to a changed copy, and leave the one before as it was", () => {
    const small = fc.dictionary(fc.constantFrom("a", "b", "c", "d"), fc.oneof(fc.string(), fc.integer(), fc.array(fc.integer(), { maxLength: 3 }), fc.dictionary(fc.constantFrom("x", "y"), fc.string())), { maxKeys: 4 });
    fc.assert(fc.property(small, small, (before, change) => {
      const old = text(before);
      const after = { ...before, ...change };
      const delta = deltaOf(before, after);
      expect(text(delta === undefined ? before : applyDelta(before, delta))).toBe(text(after));
      expect(text(before)).toBe(old);
    }), { numRuns: 2_000 });
  });

  it("are nothing between equal values, and small for a small change", () => {
    const before = { targets: { web: { demand: 812.4, reasons: ["need at 120 s is 812.4 requests/s: 9 replicas"] } }, other: Array.from({ length: 50 }, (_, i) => i) };
    const after = structuredClone(before);
    expect(deltaOf(before, after)).toBeUndefined();
    after.targets.web.demand = 813;
    after.targets.web.reasons = ["need at 120 s is 813.0 requests/s: 9 replicas"];
    expect(deltaOf(before, after)).toEqual({ targets: { web: { demand: [813], reasons: { 0: [19, 23, "3.0"] } } } });
  });
});

describe("frames", () => {
  it("are whole, or their damage is seen, whichever bit is flipped", () => {
    fc.assert(fc.property(fc.string({ minLength: 1, maxLength: 200 }), fc.nat(), fc.nat(7), (payload, at, bit) => {
      const frame = encodeFrame(payload);
      expect(frameAt(frame, 0)).toMatchObject({ text: payload, end: frame.length });
      const index = at % frame.length;
      // The top bit of the length is the mark of a commit, which says nothing of the payload.
      if (index === 3 && bit === 7) return;
      frame[index] = (frame[index] ?? 0) ^ (1 << bit);
      expect(frameAt(frame, 0)).toHaveProperty("problem");
    }), { numRuns: 2_000 });
  });
});
