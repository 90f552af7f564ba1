import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { RunTeller } from "./run-teller.ts";
import type { RunEvent } from "../run/run-event.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const secondsMax = 60;

test.each(["text-delta", "reasoning-delta"] as const)(
  "%s of megabytes is told ever less often, so that its events have some 400 KB a second at most",
  async (type) => {
    let characters = 0;
    const told: string[] = [];
    const teller = new RunTeller({
      runId: "r",
      agentId: "main",
      startedAt: 0,
      isLate: false,
      showsReasoning: true,
      tell: {
        chat: () => undefined,
        agent({ data }) {
          const { text = "", delta = "" } = data as { readonly text?: string; readonly delta?: string };
          characters += text.length;
          told.push(delta);
        },
      },
      onEnd: () => undefined,
    });
    const piece: RunEvent = { type, text: "x".repeat(1_000) };
    for (let ms = 0; ms < secondsMax * 1_000; ms += 20) {
      teller.onEvent(piece);
      await vi.advanceTimersByTimeAsync(20);
    }
    expect(characters).toBeLessThan(secondsMax * 450_000);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(told.join("")).toHaveLength(secondsMax * 50_000);
  },
);
