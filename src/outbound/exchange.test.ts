import { describe, expect, it } from "vitest";
import { GatewayError } from "../base/errors.ts";
import { retryOnce } from "./exchange.ts";
import { FailedAttempt } from "./failure.ts";

const never = new AbortController().signal;
const told = (message: string): GatewayError => new GatewayError("upstream_error", message);

/** Does these in turn: throws errors, returns anything else. */
function script(...acts: readonly unknown[]): { attempt: () => Promise<unknown>; made: () => number } {
  let made = 0;
  const attempt = (): Promise<unknown> => {
    const act = acts[made];
    made += 1;
    return act instanceof Error ? Promise.reject(act) : Promise.resolve(act);
  };
  return { attempt, made: () => made };
}

describe("retryOnce", () => {
  it.each<[what: string, acts: unknown[], made: number, want: unknown]>([
    ["the first success", ["one", "two"], 1, "one"],
    ["the second success after a failure that may pass", [new FailedAttempt(told("a"), 0), "two"], 2, "two"],
    ["the second failure", [new FailedAttempt(told("a"), 0), new FailedAttempt(told("b"), 0), "three"], 2, told("b")],
    ["the first failure if it will not pass", [new FailedAttempt(told("a")), "two"], 1, told("a")],
    ["a failure of another kind at once", [told("a"), "two"], 1, told("a")],
    [
      "a failure of another kind the second time",
      [new FailedAttempt(told("a"), 0), new TypeError("x"), "three"],
      2,
      new TypeError("x"),
    ],
  ])("gives %s", async (_, acts, made, want) => {
    const played = script(...acts);
    const outcome: unknown = await retryOnce(played.attempt, never).catch((error: unknown) => error);
    expect(outcome).toEqual(want);
    expect(played.made()).toBe(made);
  });

  it("stops waiting when its caller leaves, and throws the reason", async () => {
    const controller = new AbortController();
    const { attempt, made } = script(new FailedAttempt(told("a"), 60_000), "two");
    const outcome = retryOnce(attempt, controller.signal).catch((error: unknown) => error);
    await Promise.resolve();
    controller.abort(told("left"));
    expect(await outcome).toEqual(told("left"));
    expect(made()).toBe(1);
  });
});
