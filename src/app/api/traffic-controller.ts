import { createHash } from "node:crypto";
import { Controller, Inject } from "@nestjs/common";
import type { DaemonView } from "../status/daemon-view.ts";
import { Serves, Validated, type Input } from "./operation.ts";
import * as operations from "./operations.ts";
import { ProblemError } from "./problem.ts";
import { DAEMON_VIEW } from "./tokens.ts";
import { valueOrProblem } from "./wire.ts";

/** Where the load goes: the splits over regions, and a person's word to leave one. */
@Controller()
export class TrafficController {
  readonly #view: DaemonView;

  constructor(@Inject(DAEMON_VIEW) view: DaemonView) {
    this.#view = view;
  }

  @Serves(operations.listSplits)
  splits() {
    return { items: this.#view.traffic.splits() };
  }

  @Serves(operations.listEvacuations)
  evacuations() {
    return { items: this.#view.traffic.evacuations() };
  }

  @Serves(operations.evacuate)
  async evacuate(@Validated() { params, body, header }: Input<typeof operations.evacuate>) {
    const { durationSeconds, ...asked } = body;
    const createdAtSeconds = this.#view.now();
    const id = `e-${createHash("sha256").update(header("idempotency-key") ?? "").digest("hex").slice(0, 16)}`;
    const stored = valueOrProblem(await this.#view.traffic.evacuate({ id, split: params.split, ...asked, createdAtSeconds, expiresAtSeconds: createdAtSeconds + durationSeconds }));
    if (stored.split !== params.split || stored.region !== asked.region) throw new ProblemError("key-reused", "the key belongs to another evacuation; take a new one");
    return stored;
  }

  @Serves(operations.abortEvacuation)
  async abort(@Validated() { params, query }: Input<typeof operations.abortEvacuation>) {
    return valueOrProblem(await this.#view.traffic.abort(params.evacuation, query));
  }
}
