/** How many workers a run has, and what each of them may use. */
export interface PlanLimits {
  readonly workers: number;
  readonly threads: number;
  readonly memoryBytes: number;
  /** Whether each task is a process of its own on another machine, which has all of `memoryBytes`. */
  readonly startsCold?: boolean;
}
