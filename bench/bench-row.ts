/** One measured figure. `goal` is what the project promised; `note` says what a figure without a goal is for. */
export interface BenchRow {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly goal?: { readonly atLeast?: number; readonly atMost?: number };
  readonly note?: string;
}

/** What each file of this folder exports. */
export interface BenchModule {
  readonly name: string;
  run(): Promise<readonly BenchRow[]>;
}
