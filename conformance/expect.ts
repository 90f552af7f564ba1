/** The requirement is not met. Both texts stand side by side in the report. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly expected: string;
  readonly actual: string;

  constructor(expected: string, actual: string) {
    super(`expected ${expected}, got ${actual}`);
    this.expected = expected;
    this.actual = actual;
  }
}

/** The case cannot be decided on this subject; the message says why. */
export class Skip extends Error {
  override readonly name: string = "Skip";
}

/** The case needs what the server neither has nor claims. */
export class NotClaimed extends Skip {}

/** Any value as a short text. */
export function show(value: unknown): string {
  if (value instanceof Error) return `${value.constructor.name}: ${value.message}`.slice(0, shownMax);
  const text = typeof value === "string" ? JSON.stringify(value) : (JSON.stringify(value) ?? String(value));
  return text.length > shownMax ? `${text.slice(0, shownMax)}… (${text.length} characters)` : text;
}

const shownMax = 300;

export function expectThat(condition: boolean, expected: string, actual: unknown): asserts condition {
  if (!condition) throw new Failure(expected, show(actual));
}

export function expectEqual(actual: unknown, expected: unknown, what: string): void {
  expectThat(isSame(actual, expected), `${what} to be ${show(expected)}`, actual);
}

export function expectOneOf(actual: unknown, allowed: readonly unknown[], what: string): void {
  expectThat(
    allowed.some((value) => isSame(value, actual)),
    `${what} to be one of ${allowed.map(show).join(", ")}`,
    actual,
  );
}

/** A string with something in it. */
export function expectText(value: unknown, what: string): asserts value is string {
  expectThat(typeof value === "string" && value !== "", `${what} to be a non-empty string`, value);
}

/** An object that is neither null nor an array. */
export function expectObject(value: unknown, what: string): asserts value is Record<string, unknown> {
  expectThat(isObject(value), `${what} to be an object`, value);
}

export function expectArray(value: unknown, what: string): asserts value is unknown[] {
  expectThat(Array.isArray(value), `${what} to be an array`, value);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Waits for a failure of the given kind and returns it. */
export async function expectRejection(
  promise: Promise<unknown>,
  what: string,
): Promise<Error & Record<string, unknown>> {
  try {
    const value = await promise;
    throw new Failure(`${what} to be refused`, `an answer: ${show(value)}`);
  } catch (error) {
    if (error instanceof Failure) throw error;
    return error as Error & Record<string, unknown>;
  }
}

function isSame(a: unknown, b: unknown): boolean {
  return a === b || (typeof a === "object" && typeof b === "object" && JSON.stringify(a) === JSON.stringify(b));
}
