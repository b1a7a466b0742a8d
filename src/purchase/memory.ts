import type { Offering } from "../model/offering.ts";
import { watchCompany } from "./company.ts";
import { newDomain, watchDomain } from "./domain-risk.ts";
import { doomedOf, readNotices } from "./notices.ts";
import type { NoticeReading } from "./notices.ts";
import { domainOf } from "./pools.ts";
import type { Company, DomainMemory, KnownNotice, PoolMemory, PurchaseRequest, PurchaseState } from "./purchase-request.ts";
import { emptyRecord, ownValue } from "../model/record.ts";

/** An offering rests so long after a capacity error (as Karpenter does). */
export const REST_SECONDS = 180;
/** An order that does not show within this time, where the cloud tells what is pending, has failed. */
const ORDER_SHOWS_SECONDS = 25;
/** Running counts may lag so long behind a loss that was due. */
const DUE_LAG_SECONDS = 120;
/** Losses within so long belong together. */
export const STORM_WINDOW_SECONDS = 600;
/** Weight of the newest loss in what is believed of notices. */
const NOTICE_WEIGHT = 0.2;
/** AWS tells two minutes ahead; Google and Azure, and whoever is not known, half a minute. */
const AWS_REGION = /^[a-z]{2}(-[a-z]+)+-\d$/u;

export interface Sight {
  readonly healthy: ReadonlyMap<string, number>;
  /** As the cloud tells, or else what was ordered and should still come. */
  readonly pending: ReadonlyMap<string, number>;
  readonly spotHealthy: number;
  readonly losses: PurchaseState["losses"];
  readonly domains: ReadonlyMap<string, DomainMemory>;
  readonly company: Company;
  readonly pools: Readonly<Record<string, PoolMemory>>;
  readonly notices: NoticeReading;
  readonly noticeLeadSeconds: number;
  readonly announcedShare: number;
  /** Instances gone without a word since the last call, and offerings that have failed to deliver. */
  readonly unannounced: number;
  readonly failedOfferings: readonly string[];
}

/** Reads what has happened since the last call: losses, notices, failed orders; pure bookkeeping, no choice. */
export function see(request: PurchaseRequest): Sight {
  const { state, timeSeconds } = request;
  const notices = readNotices(state?.notices ?? [], request.notices, timeSeconds);
  const healthy = new Map<string, number>();
  const pending = new Map<string, number>();
  const pools = emptyRecord<PoolMemory>();
  const disturbed = new Set<string>(notices.rebalance);
  for (const { offering } of notices.fresh) disturbed.add(offering);
  const failedOfferings: string[] = [];
  let unannounced = 0;
  let spotLost = 0;
  let spotHealthy = 0;
  for (const offering of request.offerings) {
    const { id } = offering;
    const running = ownValue(request.running, id) ?? 0;
    const doomed = doomedOf(notices.known, id);
    const count = Math.max(0, running - doomed);
    // Orders that a notice has caught before they were ready are not coming.
    const caught = Math.max(0, doomed - running);
    healthy.set(id, count);
    const before = ownValue(state?.pools, id);
    if (before === undefined) {
      pools[id] = { healthy: count, asked: count, askedSinceSeconds: timeSeconds, inFlight: 0, restUntilSeconds: request.capacityErrors?.includes(id) === true ? timeSeconds + REST_SECONDS : 0, depth: null, lastDueSeconds: 0 };
      pending.set(id, Math.max(0, (ownValue(request.pending, id) ?? 0) - caught));
      continue;
    }
    const lastDueSeconds = isIn(notices.due, id) ? timeSeconds : before.lastDueSeconds;
    const gone = Math.min(before.healthy, before.asked) - count - countIn(notices.fresh, id);
    if (offering.capacityType === "spot" && gone > 0 && timeSeconds - lastDueSeconds > DUE_LAG_SECONDS) {
      unannounced += gone;
      disturbed.add(id);
    }
    const arrived = Math.max(0, count + countIn(notices.fresh, id) - before.healthy);
    const coming = request.pending === undefined ? Math.max(0, before.inFlight - arrived) : Math.max(0, (ownValue(request.pending, id) ?? 0) - caught);
    const lost = countIn(notices.fresh, id) + Math.max(0, gone);
    if (offering.capacityType === "spot") {
      spotHealthy += count;
      spotLost += lost;
    }
    const failed = orderFailed(request, offering, before, { healthy: count, coming, lost });
    const inFlight = failed && request.pending === undefined ? 0 : coming;
    pending.set(id, inFlight);
    if (failed) failedOfferings.push(id);
    pools[id] = {
      healthy: count,
      asked: before.asked,
      askedSinceSeconds: lost > 0 ? timeSeconds : before.askedSinceSeconds,
      inFlight,
      restUntilSeconds: failed ? timeSeconds + REST_SECONDS : before.restUntilSeconds,
      depth: depthOf(before, offering, { held: count + inFlight, failed, resting: before.restUntilSeconds > timeSeconds }),
      lastDueSeconds,
    };
  }
  const domains = watchDomains(request, { healthy, pending, disturbed });
  const lead = learnNotices(state, request, notices.fresh, unannounced);
  const losses = recentLosses(state?.losses ?? [], spotLost, timeSeconds);
  const company = watchCompany(state?.company ?? { losses: 0, together: 0 }, domains, regionsOf(request), timeSeconds);
  return { healthy, pending, spotHealthy, losses, domains, company, pools, notices, ...lead, unannounced, failedOfferings };
}

/** Spot instances lost in the last ten minutes, a line each time. */
function recentLosses(before: PurchaseState["losses"], lost: number, nowSeconds: number): PurchaseState["losses"] {
  if (before.length === 0 && lost === 0) return before;
  const kept = before.filter(({ timeSeconds }) => nowSeconds - timeSeconds <= STORM_WINDOW_SECONDS);
  return lost > 0 ? [...kept, { timeSeconds: nowSeconds, count: lost }] : kept;
}

function isIn(notices: readonly KnownNotice[], offering: string): boolean {
  return notices.some((notice) => notice.offering === offering);
}

function countIn(notices: readonly KnownNotice[], offering: string): number {
  return notices.length === 0 ? 0 : doomedOf(notices, offering);
}

function orderFailed(request: PurchaseRequest, offering: Offering, before: PoolMemory, now: { readonly healthy: number; readonly coming: number; readonly lost: number }): boolean {
  if (request.capacityErrors?.includes(offering.id) === true) return true;
  if (before.restUntilSeconds > request.timeSeconds) return false;
  const waitSeconds = request.timeSeconds - before.askedSinceSeconds;
  if (request.pending === undefined) return now.coming > 0 && waitSeconds >= 1.5 * offering.startSeconds + 30;
  // A count that fell is a loss, not a failed order; only what was asked above what ran can fail.
  return before.asked > before.healthy && now.healthy + now.coming + now.lost < before.asked && waitSeconds >= ORDER_SHOWS_SECONDS;
}

function depthOf(before: PoolMemory, offering: Offering, now: { readonly held: number; readonly failed: boolean; readonly resting: boolean }): number | null {
  if (now.failed) return now.held;
  const roomAgain = before.depth !== null && offering.launchable && !now.resting && now.held >= before.depth;
  return roomAgain ? null : before.depth;
}

interface Counts {
  readonly healthy: ReadonlyMap<string, number>;
  readonly pending: ReadonlyMap<string, number>;
  readonly disturbed: ReadonlySet<string>;
}

function regionsOf({ offerings }: PurchaseRequest): ReadonlyMap<string, string> {
  return new Map(offerings.flatMap((offering) => (offering.capacityType === "spot" ? [[domainOf(offering), offering.region]] : [])));
}

function watchDomains(request: PurchaseRequest, { healthy, pending, disturbed }: Counts): ReadonlyMap<string, DomainMemory> {
  const sights = new Map<string, { up: boolean; disturbed: boolean; held: number; room: boolean }>();
  for (const offering of request.offerings) {
    if (offering.capacityType !== "spot") continue;
    const domain = domainOf(offering);
    let sight = sights.get(domain);
    if (sight === undefined) sights.set(domain, (sight = { up: false, disturbed: false, held: 0, room: false }));
    sight.held += (healthy.get(offering.id) ?? 0) + (pending.get(offering.id) ?? 0);
    sight.room ||= offering.launchable;
    sight.up ||= sight.room || sight.held > 0;
    sight.disturbed ||= disturbed.has(offering.id);
  }
  const domains = new Map<string, DomainMemory>();
  for (const [domain, sight] of sights) {
    const before = request.state?.domains[domain];
    domains.set(domain, before === undefined || request.state === undefined
      ? newDomain(request.timeSeconds, sight.up)
      : watchDomain(before, sight, request.state.timeSeconds, request.timeSeconds));
  }
  return domains;
}

/** What to expect of notices: how long ahead they come, and how many losses they announce. */
function learnNotices(state: PurchaseState | undefined, request: PurchaseRequest, fresh: readonly KnownNotice[], unannounced: number): { noticeLeadSeconds: number; announcedShare: number } {
  const region = request.offerings[0]?.region ?? "";
  let noticeLeadSeconds = state?.noticeLeadSeconds ?? (AWS_REGION.test(region) ? 120 : 30);
  let announcedShare = state?.announcedShare ?? 1;
  for (const { timeSeconds } of fresh) {
    noticeLeadSeconds += NOTICE_WEIGHT * (timeSeconds - request.timeSeconds - noticeLeadSeconds);
    announcedShare += NOTICE_WEIGHT * (1 - announcedShare);
  }
  if (unannounced > 0) announcedShare -= NOTICE_WEIGHT * announcedShare;
  return { noticeLeadSeconds, announcedShare };
}
