import type { z } from "zod";
import type { killSwitchSchema, overrideSchema, statusSchema } from "../../api/schemas/control.ts";
import type { comparisonSchema } from "../../api/schemas/comparison.ts";
import type { decidedSchema, decisionSchema, outcomeSchema } from "../../api/schemas/decision.ts";
import type { explanationSchema } from "../../api/schemas/explanation.ts";
import type { budgetSchema, rightSizingSchema } from "../../api/schemas/money.ts";
import type { forecastQualitySchema, markSchema } from "../../api/schemas/forecast.ts";
import type { forecastSchema, historySchema, targetSchema } from "../../api/schemas/target.ts";

/** What the API says, by its own schemas; types only, so that the page ships without the validator. */
export type Comparison = z.output<typeof comparisonSchema>;
export type Target = z.output<typeof targetSchema>;
export type Mode = Target["mode"];
export type Condition = Target["conditions"][number];
export type History = z.output<typeof historySchema>;
export type Forecast = z.output<typeof forecastSchema>;
export type ForecastQuality = z.output<typeof forecastQualitySchema>;
export type Mark = z.output<typeof markSchema>;
export type Decision = z.output<typeof decisionSchema>;
export type Decided = z.output<typeof decidedSchema>;
export type Outcome = z.output<typeof outcomeSchema>;
export type Explanation = z.output<typeof explanationSchema>;
export type Override = z.output<typeof overrideSchema>;
export type KillSwitch = z.output<typeof killSwitchSchema>;
export type Budget = z.output<typeof budgetSchema>;
export type Sizing = z.output<typeof rightSizingSchema>["items"][number];
export type Status = z.output<typeof statusSchema>;
export type { HistoryRow } from "../../status/daemon-view.ts";
