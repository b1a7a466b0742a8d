import type { Change, ResourceRecordSet } from "@aws-sdk/client-route-53";
import { z } from "zod";
import { failure, success, type Result } from "../../model/result.ts";
import { alreadyThere, refused, type WriteAnswer, type WriteFailure } from "../actuator.ts";
import { awsConnectionFields, clientOptions, requestOptions } from "../aws/connection.ts";
import { notSent, readCall, writeCall } from "../aws/errors.ts";
import { declareActions, type AwsPermission } from "../aws/permissions.ts";
import type { SplitOrder, SplitReading, SwitchContext, SwitchDefinition, TrafficSwitch } from "./traffic-switch.ts";

const config = z.strictObject({
  hostedZoneId: z.string().regex(/^[A-Z0-9]{1,32}$/).describe("Id of the hosted zone."),
  recordName: z.string().min(1).describe("Name of the weighted records: shop.example.com."),
  recordType: z.enum(["A", "AAAA", "CNAME"]).default("A").describe("Their type."),
  identifiers: z.record(z.string(), z.string()).default({}).describe("Set identifier of a region's record, where it is not the region's name."),
  ...awsConnectionFields,
});

type Config = z.infer<typeof config>;

/**
 * Weighted records of Route 53, one a region. A write deletes the records as they were read and creates them with the new
 * weights, in one change batch: Route 53 carries out all of it or nothing, and refuses to delete a record that has changed.
 */
export const route53: SwitchDefinition<Config> = { type: "route53", config, permissions, create };

/** Weights that we write sum to about so much (Route 53 takes 0 to 255 each): steps of half a percent. */
const WEIGHT_SUM = 200;
const ALIAS_TTL_SECONDS = 60;

function permissions({ hostedZoneId, region }: Config): readonly AwsPermission[] {
  const partition = region?.startsWith("cn-") ? "aws-cn" : region?.startsWith("us-gov-") ? "aws-us-gov" : "aws";
  const resource = `arn:${partition}:route53:::hostedzone/${hostedZoneId}`;
  return [
    { action: "route53:ListResourceRecordSets", resource, write: false },
    { action: "route53:ChangeResourceRecordSets", resource, write: true },
  ];
}

interface Records {
  readonly byRegion: ReadonlyMap<string, ResourceRecordSet>;
  readonly reading: SplitReading;
}

async function create(settings: Config, context: SwitchContext): Promise<Result<TrafficSwitch>> {
  const sdk = await import("@aws-sdk/client-route-53");
  const declared = permissions(settings);
  const reads = declareActions(new sdk.Route53Client(clientOptions(settings, "read")), "route53", declared);
  const writes = declareActions(new sdk.Route53Client(clientOptions(settings, "write")), "route53", declared);
  const name = settings.recordName.endsWith(".") ? settings.recordName : `${settings.recordName}.`;

  const read = async (): Promise<Result<Records>> => {
    const page = await readCall(() => reads.send(new sdk.ListResourceRecordSetsCommand({
      HostedZoneId: settings.hostedZoneId, StartRecordName: name, StartRecordType: settings.recordType, MaxItems: 100,
    }), requestOptions(settings)));
    if (!page.ok) return page;
    const found = (page.value.ResourceRecordSets ?? []).filter((record) => record.Name === name && record.Type === settings.recordType && record.Weight !== undefined);
    return recordsOf(found, settings, context.regions);
  };
  return success({
    type: "route53",
    async read() {
      const records = await read();
      return records.ok ? success(records.value.reading) : records;
    },
    async write(order): Promise<WriteAnswer> {
      const records = await read();
      if (!records.ok) return notSent(records);
      const changes = changesFor(order, records.value);
      if (!changes.ok) return changes;
      if (changes.value.length === 0) return alreadyThere(`${name} already has these weights`);
      const answer = await writeCall(`${name}: ${describe(changes.value)}`, () => writes.send(new sdk.ChangeResourceRecordSetsCommand({
        HostedZoneId: settings.hostedZoneId, ChangeBatch: { Comment: `foretide ${order.idempotencyKey}`.slice(0, 256), Changes: [...changes.value] },
      }), requestOptions(settings)));
      // The record that was to be deleted is not there as it was read: another hand came between.
      return !answer.ok && answer.code === "invalid-change-batch" ? { ...answer, code: "foreign-write" } : answer;
    },
    close() {
      reads.destroy();
      writes.destroy();
      return Promise.resolve();
    },
  });
}

function recordsOf(found: readonly ResourceRecordSet[], { identifiers, recordName, recordType }: Config, regions: readonly string[]): Result<Records> {
  const byRegion = new Map<string, ResourceRecordSet>();
  for (const region of regions) {
    const record = found.find(({ SetIdentifier }) => SetIdentifier === (identifiers[region] ?? region));
    if (record === undefined) return failure("missing", `${recordName} has no weighted ${recordType} record with the set identifier ${identifiers[region] ?? region}`);
    byRegion.set(region, record);
  }
  const others = found.filter((record) => ![...byRegion.values()].includes(record) && (record.Weight ?? 0) > 0);
  if (others.length > 0) return failure("permanent", `${recordName} also sends load to ${others.map(({ SetIdentifier }) => SetIdentifier ?? "").join(", ")}, which is no region of this split`);
  const sum = [...byRegion.values()].reduce((total, { Weight = 0 }) => total + Weight, 0);
  // Where every weight is 0 Route 53 answers with each record alike.
  const shares = Object.fromEntries([...byRegion].map(([region, { Weight = 0 }]) => [region, sum > 0 ? Weight / sum : 1 / byRegion.size]));
  const version = JSON.stringify([...byRegion].map(([region, record]) => [region, record]));
  const ttlSeconds = Math.max(...[...byRegion.values()].map(({ TTL }) => TTL ?? ALIAS_TTL_SECONDS));
  return success({ byRegion, reading: { shares, version, ttlSeconds } });
}

function changesFor(order: SplitOrder, { byRegion, reading }: Records): { readonly ok: true; readonly value: readonly Change[] } | WriteFailure {
  if (order.version !== reading.version) return refused("permanent", "foreign-write", "the weights are others than those that this was decided against");
  const weights = new Map([...byRegion.keys()].map((region) => [region, weightOf(order.shares[region] ?? 0)]));
  if ([...weights.values()].every((weight) => weight === 0)) return refused("permanent", "validation", "no region would get any load");
  const changes: Change[] = [];
  for (const [region, record] of byRegion) {
    const weight = weights.get(region) ?? 0;
    if (weight === record.Weight) continue;
    changes.push({ Action: "DELETE", ResourceRecordSet: record }, { Action: "CREATE", ResourceRecordSet: { ...record, Weight: weight } });
  }
  return { ok: true, value: changes };
}

/** A share above nothing keeps at least one. */
function weightOf(share: number): number {
  return share <= 0 ? 0 : Math.max(1, Math.round(share * WEIGHT_SUM));
}

function describe(changes: readonly Change[]): string {
  return changes.filter(({ Action }) => Action === "CREATE").map(({ ResourceRecordSet: record }) => `${record?.SetIdentifier ?? ""} ${String(record?.Weight)}`).join(", ");
}
