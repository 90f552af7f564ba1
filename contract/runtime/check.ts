import type { Finding } from "./finding.ts";
import { toViolation, toViolations, type Violation } from "./violation.ts";

/**
 * Holds a value against a schema: undefined if the value is a `T`, else the one finding worth showing. `whole` names the
 * value in sentences about all of it; it is "the request body" unless said otherwise.
 */
export interface Check<T> {
  (value: unknown, whole?: string): Violation | undefined;
  /** Never there; it carries the type of a value that passes. */
  readonly passes?: T;
}

/** A validation function as Ajv generates it, which leaves its findings on itself. */
interface Validate {
  (value: unknown): boolean;
  errors?: readonly Finding[] | null;
}

/** Used by generated guards: the findings are read before anybody else can call the function. */
export function toCheck<T>(validate: Validate): Check<T> {
  return (value, whole) => (validate(value) ? undefined : toViolation(validate.errors, whole));
}

/** The same for what its writer mends by hand: everything that is worth showing, in the order of the schema. */
export interface FullCheck<T> {
  (value: unknown, whole?: string): readonly Violation[];
  readonly passes?: T;
}

/** Used by generated guards that go on after the first finding. */
export function toFullCheck<T>(validate: Validate): FullCheck<T> {
  return (value, whole) => (validate(value) ? [] : toViolations(validate.errors, whole));
}

/** Whether the value is what the check lets pass, for the compiler to know too. */
export function isValid<T>(check: Check<T>, value: unknown): value is T {
  return check(value) === undefined;
}

/** Throws what is made of the violation, unless the value passes. */
export function assertValid<T>(
  check: Check<T>,
  value: unknown,
  toError: (violation: Violation) => Error,
  whole?: string,
): asserts value is T {
  const violation = check(value, whole);
  if (violation !== undefined) throw toError(violation);
}

/** The check of an operation that takes no body. */
export const noBody: Check<undefined> = toCheck((value) => value === undefined);

/** The check of an operation that takes no parameters. */
export const noParameters: Check<object> = toCheck((value) => typeof value === "object");
