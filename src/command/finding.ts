/** One thing that was looked at. */
export interface Finding {
  /** `off` is as it was configured, and yet why something may not answer; `warn` is hardly meant as it stands. */
  readonly state: "ok" | "off" | "warn" | "FAIL";
  readonly what: string;
  readonly detail: string;
}

/** What to do where nobody can ask anything yet. */
export function toEnableAdvice(path: string | undefined): string {
  return path === undefined
    ? "disabled: `clawgate init` writes a configuration with gateway.http.endpoints.chatCompletions.enabled; then start again"
    : `disabled: set gateway.http.endpoints.chatCompletions.enabled to true in ${path}, then \`clawgate reload\``;
}
