/** How far a decision may go: seen only, advised, out only, both ways. */
export const MODES = ["observe", "recommend", "scale-out-only", "full"] as const;
export type Mode = (typeof MODES)[number];
