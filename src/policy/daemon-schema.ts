import { z } from "zod";
import { MODES } from "../model/mode.ts";
import { bytes, choice, duration, flag, integer, number, objectName, secret, share, text } from "./scalars.ts";

const address = (port: number, what: string) =>
  z
    .strictObject({
      enabled: flag().prefault(true).describe("false: do not listen."),
      host: text().prefault("127.0.0.1").describe("The address to listen on. Loopback by default."),
      port: integer({ min: 0, max: 65_535 }).prefault(port).describe("The port; 0 takes any that is free."),
    })
    .prefault({})
    .describe(what);

/** One key chooses the provider, its value is the provider's configuration: `{ file: { path: prices.csv } }`. */
const provider = z.record(z.string(), z.record(z.string(), z.unknown()).nullable());

/** Policies' spec in part: what is given here holds where a policy says nothing. Checked field by field when policies are read. */
const partialSpec = z.record(z.string(), z.unknown());

/** The daemon's own file, foretide.yaml. Every default stands here. */
export const DAEMON_SCHEMA = z.strictObject({
  listen: z
    .strictObject({
      http: address(8080, "The decision API, the page, /metrics and the health checks."),
      otlpHttp: address(4318, "OTLP metrics over HTTP."),
      otlpGrpc: address(4317, "OTLP metrics over gRPC."),
    })
    .prefault({})
    .describe("Where the daemon listens."),
  api: z
    .strictObject({
      token: secret().optional().describe("The operators' bearer token: it reads and writes. Required where the API listens beyond loopback. Give it as ${env:NAME} or ${file:PATH}."),
      readToken: secret().optional().describe("A bearer token that reads and never writes: for dashboards, and for who scrapes /metrics."),
    })
    .prefault({})
    .describe("Who may use the API."),
  otlp: z
    .strictObject({
      token: secret().optional().describe("The bearer token that senders of metrics show. Left out: api.token, where there is one."),
      insecure: flag().prefault(false).describe("true: take metrics from anyone who reaches the port, without a token. Whoever can send can sway what is decided."),
    })
    .prefault({})
    .describe("Who may send metrics."),
  data: z
    .strictObject({
      directory: text().prefault("data").describe("Where history and journal are kept, relative to the working directory."),
      historyRetention: duration({ min: 3600, usualUnit: "d" }).prefault("90d").describe("How long history is kept."),
      journalRetention: duration({ min: 3600, usualUnit: "d" }).prefault("30d").describe("How long the journal is kept."),
      journalSize: bytes({ min: 1024 * 1024 }).prefault("2GiB").describe("The journal's largest size."),
    })
    .prefault({})
    .describe("What is kept, where, and how long."),
  modeCeiling: choice(MODES).prefault("full").describe("No policy goes further than this mode, whatever it says."),
  killSwitch: z
    .strictObject({ file: text().prefault("foretide.kill").describe("While this file exists nothing is written to any cloud. Relative to the data directory.") })
    .prefault({})
    .describe("The brake that needs no API."),
  policies: z.array(text()).prefault(["policies"]).describe("Files and folders (of *.yaml) that hold policies, relative to this file."),
  reload: z
    .strictObject({
      watch: flag().prefault(true).describe("Read policies anew when their files change. SIGHUP and the API do so always."),
      maxChangedShare: share({ moreThan: 0 }).prefault("25%").describe("A reload that changes or removes more than this share of the targets is refused, unless forced. One target may always change."),
    })
    .prefault({})
    .describe("How changes of the files come into effect."),
  limits: z
    .strictObject({
      requestSize: bytes({ min: 1024 }).prefault("64MiB").describe("The largest OTLP request, after inflating."),
      requestsInFlight: integer({ min: 1 }).prefault(64).describe("OTLP requests decoded at once; more are answered 429 or UNAVAILABLE."),
      inflateRatio: number({ min: 1 }).prefault(200).describe("The largest inflation of a body above 1 MiB."),
      jsonDepth: integer({ min: 4, max: 1000 }).prefault(32).describe("The deepest nesting of an OTLP JSON body."),
      series: integer({ min: 1 }).prefault(250_000).describe("Series kept in memory; those that policies name are evicted last."),
      futureTolerance: duration({ min: 1 }).prefault("60s").describe("Points further in the future are refused and counted."),
      pastTolerance: duration({ min: 60 }).prefault("1h").describe("Points further in the past are refused and counted."),
    })
    .prefault({})
    .describe("Limits on what comes in. All are on."),
  telemetry: z
    .strictObject({
      logLevel: choice(["debug", "info", "warn", "error"]).prefault("info").describe("The least level that is logged."),
      metrics: flag().prefault(true).describe("Serve /metrics for Prometheus."),
      otlpEndpoint: text().optional().describe("Push the daemon's own metrics to this OTLP endpoint too."),
    })
    .prefault({})
    .describe("The daemon's own telemetry."),
  sources: z
    .strictObject({
      metrics: z.record(z.string(), provider).prefault({}).describe("Where metrics come from beside OTLP: a name that policies write as `source`, and beneath it one key, the provider: { main: { prometheus: { url: … } } }."),
      market: provider.prefault({}).describe("Where offerings, prices and interruption rates come from; one key, the provider."),
      carbon: provider.prefault({}).describe("Where grid intensity comes from; one key, the provider."),
      interruptions: provider.prefault({}).describe("Where interruption notices come from; one key, the provider: { sqs: { queueUrl: …, region: … } }, or the metadata service of the machine that the daemon runs on: { aws-metadata: {} }, { azure-metadata: {} }, { google-metadata: {} }."),
    })
    .prefault({})
    .describe("Questions asked of the world beside the metrics."),
  budgets: z
    .array(
      z.strictObject({
        name: objectName().describe("The budget's name, shown in the decisions that it shapes."),
        group: objectName().optional().describe("The group that it covers. Without group and match it covers the fleet."),
        match: z.record(z.string(), text()).prefault({}).describe("Labels that a policy must carry to be covered, all of them: { team: shop }."),
        per: choice(["hour", "day", "month"]).describe("The calendar period (UTC) that the limit is for."),
        limitUsd: number({ moreThan: 0 }).optional().describe("The most that the period may cost, in US dollars. Give this, or limitGrams."),
        limitGrams: number({ moreThan: 0 }).optional().describe("The most that the period may emit, in grams of CO2e. Give this, or limitUsd."),
      }),
    )
    .prefault([])
    .describe("Budgets of a group, of labels or of the fleet. What gives way when one will not hold is each policy's choice: cost.onLimit, carbon.onLimit."),
  traffic: z
    .array(
      z.strictObject({
        name: objectName().describe("Its name, for the API and the command line."),
        mode: choice(["recommend", "full"]).prefault("recommend").describe("How far it goes: recommend (what would be moved is said), full."),
        regions: z.record(text(), text()).describe("Each region, and the target that serves the load there."),
        sharesFrom: text().optional().describe("A target that buys in these regions (spec.purchase.regions): the shares follow its allocation, which weighs price, carbon, capacity and egress. It may stand in mode recommend. Without it the shares stay as they are, but for evacuations."),
        step: share({ moreThan: 0 }).prefault("10%").describe("The most of the whole load that is moved at once."),
        settle: duration({ min: 1 }).prefault("2m").describe("So long is waited after a move before the next; the record's TTL where that is longer."),
        switch: provider.describe("Where the shares are set; one key, the provider: { route53: { hostedZoneId: …, recordName: … } }, { webhook: { url: …, secretVariable: … } }."),
      }),
    )
    .prefault([])
    .describe("Services whose load is split over regions: which share goes where, and how a region is evacuated."),
  defaults: partialSpec.prefault({}).describe("Values of spec that every policy inherits."),
  overlays: z
    .array(
      z.strictObject({
        match: z.record(z.string(), text()).describe("Labels that a policy must carry, all of them."),
        spec: partialSpec.describe("Values of spec that those policies inherit, over the defaults."),
      }),
    )
    .prefault([])
    .describe("Values that policies inherit by their labels; later ones over earlier ones."),
});

export type DaemonConfig = z.output<typeof DAEMON_SCHEMA>;
