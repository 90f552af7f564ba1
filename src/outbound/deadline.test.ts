import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { GatewayError } from "../base/errors.ts";
import { type Deadline, startDeadline } from "./deadline.ts";

const limits = { connectMs: 1, firstTokenMs: 100, idleMs: 50, totalMs: 1_000 };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const start = (more: object = {}, caller = new AbortController().signal): Deadline =>
  startDeadline({ ...limits, ...more }, caller);
const outcome = ({ signal }: Deadline): string => (signal.aborted ? (signal.reason as Error).message : "running");
/** Whether it still runs at the first time, and what it says at the second. */
function assertEndsBetween(deadline: Deadline, before: number, after: number, says: string): void {
  vi.advanceTimersByTime(before);
  expect(outcome(deadline)).toBe("running");
  vi.advanceTimersByTime(after - before);
  expect(outcome(deadline)).toContain(says);
  expect(deadline.signal.reason).toBeInstanceOf(GatewayError);
  expect(deadline.signal.reason).toMatchObject({ code: "upstream_timeout" });
}

describe("startDeadline", () => {
  it("ends a call that has no first byte", () => {
    assertEndsBetween(start(), 99, 100, "did not answer within 100 ms");
  });

  it("ends a call that falls silent after its first byte", () => {
    const deadline = start();
    vi.advanceTimersByTime(90);
    deadline.arrived();
    deadline.wait();
    assertEndsBetween(deadline, 49, 50, "fell silent for 50 ms");
  });

  it("counts silence from the last byte", () => {
    const deadline = start();
    for (let count = 0; count < 10; count += 1) {
      deadline.arrived();
      deadline.wait();
      vi.advanceTimersByTime(40);
    }
    assertEndsBetween(deadline, 9, 10, "fell silent");
  });

  it("ends a call that drips for ever", () => {
    const deadline = start();
    for (let count = 0; count < 24; count += 1) {
      deadline.arrived();
      deadline.wait();
      vi.advanceTimersByTime(40);
    }
    deadline.arrived();
    deadline.wait();
    assertEndsBetween(deadline, 39, 40, "did not finish within 1000 ms");
  });

  it("does not take a slow reader for a silent provider", () => {
    const deadline = start();
    deadline.arrived();
    vi.advanceTimersByTime(900);
    expect(outcome(deadline)).toBe("running");
    deadline.wait();
    assertEndsBetween(deadline, 49, 50, "fell silent");
  });

  it("ends a call of a slow reader all the same", () => {
    const deadline = start();
    deadline.arrived();
    assertEndsBetween(deadline, 999, 1_000, "did not finish");
  });

  it("leaves no timer behind, not even if it is asked to wait again", () => {
    const deadline = start();
    deadline.arrived();
    deadline.stop();
    deadline.wait();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(10_000);
    expect(outcome(deadline)).toBe("running");
  });

  it("aborts with its caller's reason, and no more once it is stopped", () => {
    const caller = new AbortController();
    const [deadline, stopped] = [start({}, caller.signal), start({}, caller.signal)];
    stopped.stop();
    caller.abort(new Error("left"));
    expect([outcome(deadline), outcome(stopped)]).toEqual(["left", "running"]);
    deadline.stop();
  });

  it("is aborted from the beginning if its caller has left before", () => {
    const deadline = start({}, AbortSignal.abort(new Error("left")));
    expect(outcome(deadline)).toBe("left");
    deadline.stop();
  });
});
