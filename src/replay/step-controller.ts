import type { Policy } from "../model/policy.ts";
import type { Controller, Sighting } from "./controller.ts";
import { GroupStepper } from "./group-stepper.ts";
import type { StepperOptions } from "./group-stepper.ts";

/** The production step of one target as a controller of a replay. */
export class StepController implements Controller {
  private readonly name: string;
  private readonly stepper: GroupStepper;

  constructor(policy: Policy, options: StepperOptions = {}) {
    this.name = policy.name;
    this.stepper = new GroupStepper([policy], options);
  }

  decide(sighting: Sighting): number {
    return this.stepper.decide({ [this.name]: sighting })[this.name] ?? sighting.readyReplicas + sighting.pendingReplicas;
  }
}
