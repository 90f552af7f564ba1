import type { Violation } from "./violation.ts";

/** Which part of a request breaks the contract. */
export type RequestPart = "body" | "parameters";

/** A request breaks the contract. Its message is safe to show. */
export class RequestViolation extends Error {
  override readonly name = "RequestViolation";
  readonly part: RequestPart;
  readonly violation: Pick<Violation, "code" | "param" | "message">;

  constructor(violation: Pick<Violation, "code" | "param" | "message">, part: RequestPart, cause?: unknown) {
    super(violation.message, cause === undefined ? undefined : { cause });
    this.violation = violation;
    this.part = part;
  }
}
