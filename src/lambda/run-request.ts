/** A run that is asked for. */
export interface RunRequest {
  /** A name under `sql/`, or a path. */
  readonly job: string;
  readonly params: Readonly<Record<string, string>>;
  readonly only: Readonly<Record<string, readonly string[]>>;
  readonly force: boolean;
}
