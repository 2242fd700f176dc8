/** A server behind this one, as metrics and readiness tell it. */
export interface ServerReport {
  readonly name: string;
  /** Whether it is connected. */
  readonly isUp: boolean;
  /** How often it was started. */
  readonly starts: number;
  /** Requests that wait for its answer. */
  readonly open: number;
}
