import type { Controller } from "../controller.ts";
import { AwsPredictive } from "./aws-predictive.ts";
import { AwsTargetTracking } from "./aws-target-tracking.ts";
import { Hpa, HPA_DEFAULTS, KEDA_DEFAULTS } from "./hpa.ts";
import { Phpa } from "./phpa.ts";
import { Cron, Reactive, StaticCount } from "./simple.ts";

/** What a baseline may know of the world that it runs in. */
export interface BaselineWorld {
  readonly requestsPerSecondPerReplica: number;
  readonly leadTimeSeconds: number;
  /** The highest load of the time before scoring. */
  readonly peakLoad: number;
}

/** A peer's algorithm: `target` is a use of the capacity, 0..1; with none it runs on its own default. */
export interface Baseline {
  readonly type: string;
  readonly text: string;
  readonly defaultTarget: number;
  create(world: BaselineWorld, target: number): Controller;
}

const LIST: readonly Baseline[] = [
  { type: "hpa", text: "Kubernetes HPA on CPU, its defaults", defaultTarget: 0.8, create: (_world, target) => new Hpa({ ...HPA_DEFAULTS, target }) },
  { type: "hpa-tolerance-2", text: "HPA with a tolerance of 0.02", defaultTarget: 0.8, create: (_world, target) => new Hpa({ ...HPA_DEFAULTS, target, tolerance: 0.02 }) },
  { type: "keda", text: "KEDA on requests per second (external, average value)", defaultTarget: 0.7, create: (world, target) => new Hpa({ ...KEDA_DEFAULTS, target: target * world.requestsPerSecondPerReplica }) },
  { type: "aws-target-tracking", text: "EC2 Auto Scaling target tracking", defaultTarget: 0.65, create: (world, target) => new AwsTargetTracking({ targetUse: target, warmupSeconds: world.leadTimeSeconds }) },
  { type: "aws-predictive", text: "EC2 Auto Scaling predictive scaling beside target tracking", defaultTarget: 0.65, create: (world, target) => new AwsPredictive({ targetUse: target, requestsPerSecondPerReplica: world.requestsPerSecondPerReplica, warmupSeconds: world.leadTimeSeconds, bufferSeconds: 300 }) },
  { type: "phpa", text: "predictive HPA, linear", defaultTarget: 0.8, create: (world, target) => new Phpa({ requestsPerSecondPerReplica: world.requestsPerSecondPerReplica, targetUse: target, lookAheadSeconds: world.leadTimeSeconds, storedRows: 20 }) },
  { type: "react", text: "the newest minute alone", defaultTarget: 0.7, create: (world, target) => new Reactive(target * world.requestsPerSecondPerReplica) },
  { type: "cron", text: "95 % quantile of the hour of the week", defaultTarget: 0.7, create: (world, target) => new Cron(target * world.requestsPerSecondPerReplica) },
  { type: "static", text: "constant: the highest load before, at this use", defaultTarget: 0.7, create: (world, target) => new StaticCount(Math.max(1, Math.ceil(world.peakLoad / (target * world.requestsPerSecondPerReplica)))) },
];

/** Every baseline by the name that `--against` takes. */
export const BASELINES: Readonly<Record<string, Baseline>> = Object.fromEntries(LIST.map((baseline) => [baseline.type, baseline]));
