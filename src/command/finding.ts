/** One thing that was looked at. */
export interface Finding {
  /** `off` is as it was configured, and yet why something may not answer; `warn` is hardly meant as it stands. */
  readonly state: "ok" | "off" | "warn" | "FAIL";
  readonly what: string;
  readonly detail: string;
}
