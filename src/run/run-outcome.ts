import { errorCodes, type ErrorCode } from "../base/contract.ts";
import { GatewayError } from "../base/errors.ts";
import type { EndState, RunEntry, RunRecord } from "../session/run-store.ts";
import type { RunOutcome } from "./live-runs.ts";
import type { RunAnswer } from "./run-event.ts";

/** How the store has the end of a run. */
export function toStored(outcome: RunOutcome) {
  if (outcome.error === undefined) {
    const { answer } = outcome;
    return { state: "completed", usage: answer.usage, answer: JSON.stringify(answer) } as const;
  }
  const { code, message, param } = outcome.error;
  return { state: toEndState(code), error: JSON.stringify({ code, message, param }) };
}

function toEndState(code: ErrorCode): EndState {
  if (code === "cancelled" || code === "run_cancelled") return "cancelled";
  return code === "shutting_down" || code === "run_interrupted" ? "interrupted" : "failed";
}

/** What a run that has ended has answered. Throws what it has failed with, and `run_expired` where that is not kept. */
export function toAnswer(run: RunRecord): RunAnswer {
  const failure = toFailure(run);
  if (failure !== undefined) throw failure;
  if (run.answer === undefined) throw toExpired(run.id);
  // Written by `toStored`.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
  return JSON.parse(run.answer) as RunAnswer;
}

/** Undefined for a run that has not failed. What it was refused with is said again, and never that one may try again. */
export function toFailure({ id, state, error }: RunEntry): GatewayError | undefined {
  if (state === "interrupted") {
    const message = "The gateway that ran it has ended before the run had; it is not run again by itself.";
    return new GatewayError("run_interrupted", message, { retry: false });
  }
  if (state !== "failed" && state !== "cancelled") return undefined;
  if (error === undefined) return toExpired(id);
  // Written by `toStored`, by this version or another.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
  const { code, message, param } = JSON.parse(error) as { code: string; message: string; param: string | null };
  const known = isKnown(code) ? code : "internal_error";
  return new GatewayError(known, message, { retry: false, ...(param === null ? {} : { param }) });
}

function isKnown(code: string): code is ErrorCode {
  return Object.hasOwn(errorCodes, code);
}

export function toExpired(id: string): GatewayError {
  return new GatewayError("run_expired", `What the run '${id}' has said is kept no more.`);
}
