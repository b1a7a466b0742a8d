import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OPERATIONS } from "../../src/app/api/operations.ts";
import type { Decision } from "../../src/model/decision.ts";
import type { Outcome } from "../../src/model/intent.ts";
import type { Override } from "../../src/model/override.ts";
import type { decisionSchema, outcomeSchema } from "../../src/app/api/schemas/decision.ts";
import type { killSwitchSchema, overrideSchema } from "../../src/app/api/schemas/control.ts";
import type { targetSchema } from "../../src/app/api/schemas/target.ts";
import type { KillSwitchState, TargetStatus } from "../../src/app/status/daemon-view.ts";
import type { z } from "zod";
import { BY, serveFixture, write, type Served } from "../fixtures/daemon/served.ts";

type Document = { paths: Record<string, Record<string, { responses: Record<string, { content?: Record<string, { schema: object }> }> }>>; components: { schemas: Record<string, object> } };

let served: Served;
let document: Document;
let ajv: Ajv2020;

beforeAll(async () => {
  served = await serveFixture({ metrics: () => Promise.resolve("# HELP up Up\n") });
  document = (await (await fetch(`${served.base}/api/v1/openapi.json`)).json()) as Document;
  ajv = new Ajv2020({ strict: false, allErrors: true });
  ajv.addSchema({ $id: "openapi", components: document.components });
});
afterAll(() => served.close());

/** Each operation with a request that succeeds; a decision's and an override's id are put in when it runs. */
const REQUESTS: Readonly<Record<string, { path: string; init?: () => RequestInit }>> = {
  getStatus: { path: "/api/v1/status" },
  listTargets: { path: "/api/v1/targets?group=shop" },
  getTarget: { path: "/api/v1/targets/checkout" },
  getHistory: { path: "/api/v1/targets/checkout/history" },
  getForecast: { path: "/api/v1/targets/checkout/forecast" },
  listForecasts: { path: "/api/v1/forecasts?target=checkout&target=search&target=invoices" },
  getForecastQuality: { path: "/api/v1/targets/checkout/forecast/quality" },
  listComparisons: { path: "/api/v1/comparisons?target=checkout&target=search" },
  listMarks: { path: "/api/v1/targets/checkout/marks" },
  addMark: { path: "/api/v1/targets/search/marks", init: () => write("POST", { kind: "one-off", fromSeconds: 1_789_990_000, toSeconds: 1_789_993_600, ...BY }) },
  getMark: { path: "/api/v1/marks/deploy-1" },
  undoMark: { path: "/api/v1/marks/{mark}?author=ada&reason=over", init: () => write("DELETE") },
  explainTarget: { path: "/api/v1/targets/checkout/explanation?whyNot=scale-in" },
  listDecisions: { path: "/api/v1/decisions?target=checkout&limit=5" },
  getDecision: { path: "/api/v1/decisions/{decision}" },
  explainDecision: { path: "/api/v1/decisions/{decision}/explanation?whyNot=2" },
  getMode: { path: "/api/v1/targets/checkout/mode" },
  setMode: { path: "/api/v1/targets/search/mode", init: () => write("PUT", { mode: "full", ...BY }) },
  listOverrides: { path: "/api/v1/overrides" },
  addOverride: { path: "/api/v1/overrides", init: () => write("POST", { kind: "pause", target: "search", durationSeconds: 60, ...BY }) },
  getOverride: { path: "/api/v1/overrides/{override}" },
  removeOverride: { path: "/api/v1/overrides/{override}?author=ada&reason=over", init: () => write("DELETE") },
  getKillSwitch: { path: "/api/v1/kill-switch" },
  setKillSwitch: { path: "/api/v1/kill-switch", init: () => write("PUT", { engaged: true, ...BY }) },
  listPolicies: { path: "/api/v1/policies" },
  getPolicy: { path: "/api/v1/policies/checkout" },
  reloadPolicies: { path: "/api/v1/reload", init: () => write("POST", BY) },
  listSplits: { path: "/api/v1/traffic" },
  listEvacuations: { path: "/api/v1/evacuations" },
  evacuate: { path: "/api/v1/traffic/shop/evacuations", init: () => write("POST", { region: "us-east-1", durationSeconds: 3_600, ...BY }) },
  abortEvacuation: { path: "/api/v1/evacuations/{evacuation}?author=ada&reason=over", init: () => write("DELETE") },
  listBudgets: { path: "/api/v1/budgets" },
  getShowback: { path: "/api/v1/showback?tag=team&target=checkout" },
  getFocus: { path: "/api/v1/showback/focus.csv" },
  listRightSizing: { path: "/api/v1/right-sizing" },
  getOpenApi: { path: "/api/v1/openapi.json" },
  getLiveness: { path: "/healthz" },
  getReadiness: { path: "/readyz?verbose" },
  getMetrics: { path: "/metrics" },
};

async function fill(path: string): Promise<string> {
  const page = (await (await fetch(`${served.base}/api/v1/decisions?limit=1&target=checkout`)).json()) as { items: { decision: Decision }[] };
  let filled = path.replace("{decision}", encodeURIComponent(page.items[0]?.decision.id ?? ""));
  if (filled.includes("{override}")) {
    const made = await fetch(`${served.base}/api/v1/overrides`, write("POST", { kind: "pin", target: "checkout", replicas: 5, durationSeconds: 600, ...BY }));
    filled = filled.replace("{override}", ((await made.json()) as Override).id);
  }
  if (filled.includes("{evacuation}")) {
    const made = await fetch(`${served.base}/api/v1/traffic/shop/evacuations`, write("POST", { region: "us-east-1", durationSeconds: 3_600, ...BY }));
    filled = filled.replace("{evacuation}", ((await made.json()) as { id: string }).id);
  }
  if (filled.includes("{mark}")) {
    const made = await fetch(`${served.base}/api/v1/targets/checkout/marks`, write("POST", { kind: "deploy", fromSeconds: 1_789_990_000, toSeconds: 1_789_990_060, ...BY }));
    filled = filled.replace("{mark}", ((await made.json()) as { id: string }).id);
  }
  return filled;
}

function validatorOf(operation: (typeof OPERATIONS)[number]): ValidateFunction | undefined {
  const schema = document.paths[operation.path]?.[operation.method]?.responses[String(operation.success.status)]?.content?.["application/json"]?.schema;
  return schema === undefined ? undefined : ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll("#/components", "openapi#/components")) as object);
}

describe("each operation", () => {
  it("has a request here, but for the stream, which has a suite of its own", () => {
    expect(OPERATIONS.map((operation) => operation.id).filter((id) => !(id in REQUESTS))).toEqual(["streamEvents"]);
  });

  it.each(OPERATIONS.filter((operation) => operation.id in REQUESTS).map((operation) => [operation.id, operation] as const))("%s answers as its schema and the document say", async (id, operation) => {
    const request = REQUESTS[id];
    const response = await fetch(served.base + (await fill(request?.path ?? "")), request?.init?.());
    expect(response.status).toBe(operation.success.status);
    const text = await response.text();
    const { mediaType } = operation.success;
    if (mediaType?.startsWith("text/") === true) {
      expect(response.headers.get("content-type")).toContain(mediaType);
      expect(text).not.toBe("");
      return;
    }
    const body: unknown = JSON.parse(text);
    const strict = operation.success.schema?.safeParse(body);
    expect(strict?.error).toBeUndefined();
    // Nothing is sent that the schema does not name: what the schema keeps is all that came.
    expect(JSON.parse(JSON.stringify(strict?.data))).toEqual(body);
    const validate = validatorOf(operation);
    expect(validate?.(body), JSON.stringify(validate?.errors)).toBe(true);
  });
});

describe("the document", () => {
  it("is valid OpenAPI 3.1", async () => {
    const result = await new Validator().validate(structuredClone(document));
    expect(result.errors).toBeUndefined();
    expect(result.valid).toBe(true);
  });

  it("names every operation once, with a summary and problem details for each error", () => {
    const listed = Object.entries(document.paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`));
    expect(listed.toSorted()).toEqual(OPERATIONS.map((operation) => `${operation.method} ${operation.path}`).toSorted());
    for (const methods of Object.values(document.paths)) {
      for (const { responses } of Object.values(methods)) {
        const errors = Object.entries(responses).filter(([status]) => Number(status) >= 400);
        expect(errors.every(([, answer]) => answer.content?.["application/problem+json"] !== undefined)).toBe(true);
      }
    }
  });

  it("forbids no field that a later version may add to an answer", () => {
    expect(document.components.schemas["Decision"]).not.toHaveProperty("additionalProperties");
    expect(document.components.schemas["OverrideRequest"]).toMatchObject({ oneOf: Array.from({ length: 4 }, () => ({ additionalProperties: false })) });
  });
});

/** The wire's shape is the value's own: this does not compile when a schema and its value drift apart. */
type Wire<T> = T extends readonly (infer E)[] ? Wire<E>[] : T extends object ? { -readonly [K in keyof T]: Wire<T[K]> } : T;
type Loose<T> = T extends readonly (infer E)[] ? Loose<E>[] : T extends object ? { [K in keyof T as undefined extends T[K] ? never : K]: Loose<T[K]> } & { [K in keyof T as undefined extends T[K] ? K : never]?: Loose<Exclude<T[K], undefined>> | undefined } : T;
type Fits<Value, Schema extends z.ZodType> = Loose<Wire<Value>> extends Loose<z.input<Schema>> ? true : never;
const shapes: readonly true[] = [
  true satisfies Fits<Decision, typeof decisionSchema>,
  true satisfies Fits<Outcome, typeof outcomeSchema>,
  true satisfies Fits<Override, typeof overrideSchema>,
  true satisfies Fits<KillSwitchState, typeof killSwitchSchema>,
  true satisfies Fits<TargetStatus, typeof targetSchema>,
];

it("sends values in their own shape", () => {
  expect(shapes).toHaveLength(5);
});

it("gives an empty history for an empty span", async () => {
  const history = (await (await fetch(`${served.base}/api/v1/targets/checkout/history?from=20&to=10`)).json()) as { timeSeconds: number[]; demand: number[] };
  expect([history.timeSeconds, history.demand]).toEqual([[], []]);
});
