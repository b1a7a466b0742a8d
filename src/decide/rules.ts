import { changeCost } from "./change-cost.ts";
import { failedStarts } from "./failed-starts.ts";
import { fallback } from "./fallback.ts";
import { forecastQuantile } from "./forecast-quantile.ts";
import { lookAheadHold } from "./look-ahead-hold.ts";
import { minimumRunTime } from "./minimum-run-time.ts";
import { pin } from "./pin.ts";
import { provenLoad } from "./proven-load.ts";
import { reactiveFloor } from "./reactive-floor.ts";
import { revertHarm } from "./revert-harm.ts";
import type { Rule } from "./rule.ts";
import { scaleToZero } from "./scale-to-zero.ts";
import { stabilization } from "./stabilization.ts";
import { stepLimits } from "./step-limits.ts";
import { tolerance } from "./tolerance.ts";
import { unexplainedDrop } from "./unexplained-drop.ts";
import { wholeZones } from "./whole-zones.ts";

/**
 * The decision, rule by rule, in order. Each takes the count of the one before it.
 * What is needed comes first, then what damps a change, then what a person or the lack of data demands.
 */
export const RULES: readonly Rule[] = [
  forecastQuantile, //  the need at the lead time
  reactiveFloor, //     never below what the newest data need now
  lookAheadHold, //     keep what will be needed again before it could be had back
  provenLoad, //        no scale-in far past what a replica was seen to carry
  failedStarts, //      what hangs is not waited for
  unexplainedDrop, //   a fall that nobody foresaw may be an outage upstream
  revertHarm, //        a scale-in that did harm is taken back
  stabilization, //     scale in to the highest need of the window
  minimumRunTime, //    what has just started stays
  changeCost, //        small changes wait, large ones do not
  tolerance, //         a small error is not worth a change
  wholeZones, //        the same number in each zone
  stepLimits, //        not too much at once
  scaleToZero, //       the last replica goes, and the first comes back
  fallback, //          without demand: hold, then forecast, then static
  pin, //               a person's count
];
