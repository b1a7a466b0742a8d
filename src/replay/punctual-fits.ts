import { CONTROL_MODELS } from "../../forecasts/models/lead-ridge-forecaster.ts";
import type { Policy } from "../model/policy.ts";
import type { ModelInstall } from "../model/snapshot.ts";
import { fitInput, fitRequests } from "../step.ts";
import type { FitRequest, GroupState } from "../step.ts";

/** Makes the fits that a state asks for as soon as it asks, and hands each out at its time: what a punctual worker would do. */
export class PunctualFits {
  private waiting: { readonly install: ModelInstall; readonly atSeconds: number }[] = [];

  make(state: GroupState, policies: readonly Policy[]): void {
    for (const request of fitRequests(state, policies)) {
      const install = fitNow(state, policies, request);
      if (install !== undefined) this.waiting.push({ install, atSeconds: request.installAtSeconds });
    }
  }

  due(nowSeconds: number): readonly ModelInstall[] {
    if (this.waiting.length === 0) return NONE;
    const due = this.waiting.filter(({ atSeconds }) => atSeconds <= nowSeconds);
    if (due.length > 0) this.waiting = this.waiting.filter(({ atSeconds }) => atSeconds > nowSeconds);
    return due.map(({ install }) => install);
  }
}

const NONE: readonly ModelInstall[] = [];

function fitNow(state: GroupState, policies: readonly Policy[], request: FitRequest): ModelInstall | undefined {
  const input = fitInput(state, request, policies);
  const result = input === undefined ? undefined : CONTROL_MODELS[request.modelId]?.fit(input);
  if (result?.ok !== true) return undefined;
  return { target: request.target, ...(request.signal !== undefined && { signal: request.signal }), modelId: request.modelId, digest: `${request.modelId}@${String(request.upToSeconds)}`, fittedToSeconds: request.upToSeconds, fit: result.fit };
}
