export type CapacityType = "on-demand" | "spot" | "committed";

/** Something that can be bought: instance type × zone × capacity type. Prices and risks carry their age and source beside them. */
export interface Offering {
  readonly id: string;
  readonly region: string;
  readonly zone: string;
  readonly instanceType: string;
  readonly capacityType: CapacityType;
  /** Replicas that one instance carries. */
  readonly replicas: number;
  readonly pricePerHourUsd: number;
  readonly interruptionsPerHour: number;
  /** False while the cloud has no capacity for it (a capacity error, or a trace says so). */
  readonly launchable: boolean;
  readonly startSeconds: number;
  readonly intensityGramsPerKwh?: number;
  /** Average electrical power of one instance at the expected use, PUE included. */
  readonly powerWatts?: number;
  readonly embodiedGramsPerHour?: number;
  readonly egressPerHourUsd?: number;
  /** At most so many instances may be bought (quota or availability). */
  readonly maxInstances?: number;
  readonly source?: string;
  readonly asOfSeconds?: number;
}

/** An interruption notice and a rebalance recommendation are two things. */
export interface Notice {
  readonly kind: "interruption" | "rebalance";
  readonly offering: string;
  readonly count: number;
  /** When the capacity goes (interruption), or when the advice was given (rebalance). Epoch seconds. */
  readonly timeSeconds: number;
  readonly instanceId?: string;
}

/** Instances wanted per offering from now on (doomed ones left out), with what they cost and emit. */
export interface Allocation {
  readonly instances: Readonly<Record<string, number>>;
  readonly replicas: number;
  readonly costPerHourUsd: number;
  readonly carbonGramsPerHour: number | undefined;
}

/** Average intensity and MOER (marginal) are two things; a signal is one of them, never a mix. */
export interface CarbonSignal {
  readonly signal: "average" | "marginal";
  readonly intensityGramsPerKwh: number;
  readonly timeSeconds: number;
  readonly source?: string;
  readonly forecast?: readonly { readonly timeSeconds: number; readonly intensityGramsPerKwh: number }[];
}

/** The id under which an offering of a cloud is known: `us-east-1a/m5.large/spot`. */
export function offeringId(zone: string, instanceType: string, capacityType: CapacityType): string {
  return `${zone}/${instanceType}/${capacityType}`;
}

/** The parts of such an id, or undefined where it is not of that form. */
export function parseOfferingId(id: string): { readonly zone: string; readonly instanceType: string; readonly capacityType: CapacityType } | undefined {
  const [zone, instanceType, capacityType, ...rest] = id.split("/");
  if (zone === undefined || zone === "" || instanceType === undefined || instanceType === "" || rest.length > 0) return undefined;
  if (capacityType !== "on-demand" && capacityType !== "spot" && capacityType !== "committed") return undefined;
  return { zone, instanceType, capacityType };
}
