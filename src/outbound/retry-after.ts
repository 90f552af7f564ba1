/** Beside the seconds of RFC 9110 section 10.2.3 some servers send fractions of them. */
const secondsForm = /^\d{1,9}(?:\.\d+)?$/;
const dateForm = /^[A-Z][a-z]+, /;

/** The whole seconds of a `retry-after`; undefined for what is neither seconds nor a date. */
export function toRetrySeconds(retryAfter: string | undefined): number | undefined {
  if (retryAfter === undefined) return undefined;
  if (secondsForm.test(retryAfter)) return Math.ceil(Number(retryAfter));
  const seconds = dateForm.test(retryAfter) ? (Date.parse(retryAfter) - Date.now()) / 1000 : NaN;
  return Number.isFinite(seconds) ? Math.max(0, Math.ceil(seconds)) : undefined;
}
