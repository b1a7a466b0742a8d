import type { z } from "zod";
import { failure, type Result } from "../../../model/result.ts";
import { file } from "./file.ts";
import type { MetricSource, MetricSourceDefinition, SourceContext } from "./metric-source.ts";
import { otlp } from "./otlp.ts";
import { prometheus } from "./prometheus.ts";

/** A metric source as the rest of the program knows it: its configuration is checked here. */
export interface RegisteredSource {
  readonly type: string;
  readonly config: z.ZodType;
  create(config: unknown, context: SourceContext): Promise<Result<MetricSource>>;
}

/** Every metric source there is; to add one, write its file and add it here. */
export const METRIC_SOURCES: readonly RegisteredSource[] = [register(otlp), register(file), register(prometheus)];

/** Make the source of a type. An unknown type, or a configuration that its schema refuses, is a permanent failure that names every fault. */
export async function createMetricSource(type: string, config: unknown, context: SourceContext): Promise<Result<MetricSource>> {
  const source = METRIC_SOURCES.find((one) => one.type === type);
  if (source === undefined) return failure("permanent", `there is no metric source ${type}; there are ${METRIC_SOURCES.map((one) => one.type).join(", ")}`);
  return await source.create(config, context);
}

function register<Config>(definition: MetricSourceDefinition<Config>): RegisteredSource {
  const { type, config: schema } = definition;
  return {
    type,
    config: schema,
    create: async (config, context) => {
      const parsed = schema.safeParse(config);
      if (!parsed.success) return failure("permanent", parsed.error.issues.map(({ path, message }) => `${[type, ...path].join(".")}: ${message}`).join("; "));
      return await definition.create(parsed.data, context);
    },
  };
}
