import { createHash } from "node:crypto";
import { Controller, Inject } from "@nestjs/common";
import type { Override } from "../../model/override.ts";
import type { DaemonView, TargetStatus } from "../status/daemon-view.ts";
import { requireMatch } from "./entity-tag.ts";
import { Serves, Validated, type Input } from "./operation.ts";
import * as operations from "./operations.ts";
import { ProblemError } from "./problem.ts";
import { DAEMON_VIEW } from "./tokens.ts";
import { targetOrProblem, valueOrProblem } from "./wire.ts";

/** A person's hand: overrides with a time limit, the mode, the kill switch. Each needs an author and a reason. */
@Controller()
export class ControlsController {
  readonly #view: DaemonView;

  constructor(@Inject(DAEMON_VIEW) view: DaemonView) {
    this.#view = view;
  }

  @Serves(operations.listOverrides)
  list() {
    return { items: this.#view.overrides() };
  }

  @Serves(operations.getOverride)
  get(@Validated() { params }: Input<typeof operations.getOverride>) {
    return this.#overrideOrProblem(params.override);
  }

  @Serves(operations.addOverride)
  async add(@Validated() { body, header }: Input<typeof operations.addOverride>) {
    this.#refuseUnfit(body);
    const { durationSeconds, ...asked } = body;
    const createdAtSeconds = this.#view.now();
    const key = header("idempotency-key") ?? "";
    const id = `o-${createHash("sha256").update(key).digest("hex").slice(0, 16)}`;
    const override: Override = { id, ...asked, createdAtSeconds, expiresAtSeconds: createdAtSeconds + durationSeconds };
    const stored = valueOrProblem(await this.#view.addOverride(override));
    if (stored.target !== asked.target || stored.kind !== asked.kind) throw new ProblemError("key-reused", "the key belongs to another override; take a new one");
    return stored;
  }

  @Serves(operations.removeOverride)
  async remove(@Validated() { params, query, header }: Input<typeof operations.removeOverride>) {
    requireMatch(header("if-match"), this.#overrideOrProblem(params.override));
    return valueOrProblem(await this.#view.removeOverride(params.override, query));
  }

  @Serves(operations.getMode)
  mode(@Validated() { params }: Input<typeof operations.getMode>) {
    return modeOf(targetOrProblem(this.#view, params.target));
  }

  @Serves(operations.setMode)
  async setMode(@Validated() { params, body, header }: Input<typeof operations.setMode>) {
    const status = targetOrProblem(this.#view, params.target);
    requireMatch(header("if-match"), modeOf(status));
    const { mode, author, reason } = body;
    return { target: status.target, mode: valueOrProblem(await this.#view.setMode(status.target, mode, { author, reason })) };
  }

  @Serves(operations.getKillSwitch)
  killSwitch() {
    return this.#view.killSwitch();
  }

  @Serves(operations.setKillSwitch)
  async setKillSwitch(@Validated() { body, header }: Input<typeof operations.setKillSwitch>) {
    requireMatch(header("if-match"), this.#view.killSwitch());
    const { engaged, author, reason } = body;
    return valueOrProblem(await this.#view.setKillSwitch(engaged, { author, reason }));
  }

  #overrideOrProblem(id: string): Override {
    const override = this.#view.overrides().find((one) => one.id === id);
    if (override === undefined) throw new ProblemError("not-found", `there is no override "${id}" in force`);
    return override;
  }

  /** An override must name something that exists, and a pin must lie within what the policies allow. */
  #refuseUnfit(asked: { readonly target: string; readonly kind: string; readonly replicas?: number }): void {
    const meant = this.#view.targets().filter((status) => asked.target === "*" || status.target === asked.target || status.group === asked.target);
    const refuse = (kind: "not-found" | "conflict", pointer: string, detail: string): never => {
      throw new ProblemError(kind, detail, { errors: [{ in: "body", pointer, detail }] });
    };
    if (meant.length === 0 && asked.target !== "*") refuse("not-found", "/target", `there is no target or group "${asked.target}"`);
    const tight = meant.find((status) => asked.replicas !== undefined && !fits(asked.replicas, asked.kind, status));
    if (tight !== undefined) {
      refuse("conflict", "/replicas", `${String(asked.replicas)} is outside what the policy of "${tight.target}" allows: ${String(tight.replicas.min)} to ${String(tight.replicas.max)}`);
    }
  }
}

function fits(replicas: number, kind: string, status: TargetStatus): boolean {
  return (kind === "floor" || replicas >= status.replicas.min) && replicas <= status.replicas.max;
}

function modeOf(status: TargetStatus) {
  return { target: status.target, mode: status.mode };
}
