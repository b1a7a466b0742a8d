import { Controller, Inject, Res } from "@nestjs/common";
import type { FastifyReply } from "fastify";
import type { DaemonView } from "../status/daemon-view.ts";
import type { EventStream } from "./event-stream.ts";
import { openApiDocument } from "./openapi.ts";
import { Serves, Validated, type Input } from "./operation.ts";
import * as operations from "./operations.ts";
import { ProblemError } from "./problem.ts";
import { DAEMON_VIEW, EVENT_STREAM, METRICS_TEXT } from "./tokens.ts";

export type MetricsText = () => Promise<string>;

/** The daemon itself: status, policies, events, its document, probes and metrics. */
@Controller()
export class DaemonController {
  readonly #view: DaemonView;
  readonly #events: EventStream;
  readonly #metrics: MetricsText | undefined;

  constructor(@Inject(DAEMON_VIEW) view: DaemonView, @Inject(EVENT_STREAM) events: EventStream, @Inject(METRICS_TEXT) metrics: MetricsText | undefined) {
    this.#view = view;
    this.#events = events;
    this.#metrics = metrics;
  }

  @Serves(operations.getStatus)
  status() {
    const checks = this.#view.health();
    return {
      version: this.#view.version,
      startedAtSeconds: this.#view.startedAtSeconds,
      nowSeconds: this.#view.now(),
      ready: checks.every((check) => check.ok),
      checks,
      killSwitch: this.#view.killSwitch(),
      policyGeneration: this.#view.policies().generation,
      targets: this.#view.targets().length,
    };
  }

  @Serves(operations.listPolicies)
  policies() {
    const { generation, loadedAtSeconds, entries, problems } = this.#view.policies();
    const items = entries.map(({ policy, file }) => ({ name: policy.name, digest: policy.digest, group: policy.group, mode: policy.mode, file }));
    return { generation, loadedAtSeconds, items, problems };
  }

  @Serves(operations.getPolicy)
  policy(@Validated() { params }: Input<typeof operations.getPolicy>) {
    const entry = this.#view.policies().entries.find(({ policy }) => policy.name === params.policy);
    if (entry === undefined) throw new ProblemError("not-found", `there is no policy "${params.policy}"`);
    return { name: entry.policy.name, digest: entry.policy.digest, file: entry.file, policy: entry.policy };
  }

  @Serves(operations.reloadPolicies)
  async reload(@Validated() { body }: Input<typeof operations.reloadPolicies>) {
    const report = await this.#view.reloadPolicies(body);
    if (report.ok) return { generation: report.generation, added: report.added, changed: report.changed, removed: report.removed };
    const errors = report.problems.map((one) => ({ in: "file" as const, pointer: `${one.file}:${String(one.line)}:${String(one.column)}`, detail: one.message }));
    throw new ProblemError("policy-refused", `${String(errors.length)} problems; generation ${String(report.generation)} stays in force`, { errors });
  }

  @Serves(operations.streamEvents)
  events(@Validated() { query, header }: Input<typeof operations.streamEvents>, @Res() reply: FastifyReply): void {
    const { raw } = reply;
    this.#events.attach(raw, { targets: query.target, types: query.type }, header("last-event-id"));
    reply.hijack();
  }

  @Serves(operations.getOpenApi)
  openApi() {
    return openApiDocument(this.#view.version);
  }

  @Serves(operations.getLiveness)
  alive(@Res({ passthrough: true }) reply: FastifyReply): string {
    void reply.type("text/plain; charset=utf-8");
    return "ok\n";
  }

  @Serves(operations.getReadiness)
  ready(@Validated() { query }: Input<typeof operations.getReadiness>, @Res({ passthrough: true }) reply: FastifyReply): string {
    const checks = this.#view.health();
    const failing = checks.filter((check) => !check.ok);
    if (failing.length > 0) {
      const errors = checks.map((check) => ({ in: "check" as const, pointer: check.name, detail: `${check.ok ? "ok" : "failing"}: ${check.detail}` }));
      const detail = failing.map((check) => `${check.name}: ${check.detail}`).join("; ");
      throw new ProblemError("unavailable", detail, { headers: { "retry-after": "5" }, ...(query.verbose === undefined ? {} : { errors }) });
    }
    void reply.type("text/plain; charset=utf-8");
    return query.verbose === undefined ? "ok\n" : checks.map((check) => `[+] ${check.name}: ${check.detail}\n`).join("") + "ready\n";
  }

  @Serves(operations.getMetrics)
  async metrics(@Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    if (this.#metrics === undefined) throw new ProblemError("unavailable", "this daemon runs without its own metrics");
    const text = await this.#metrics();
    void reply.type("text/plain; version=0.0.4; charset=utf-8");
    return text;
  }
}
