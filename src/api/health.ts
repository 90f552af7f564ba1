import type { Handler } from "../base/contract.ts";
import type { Metrics } from "../base/metrics.ts";

// A frozen reply never changes: the edge makes its bytes once.
const live = Object.freeze({ status: 200, body: { ok: true, status: "live" } } as const);
const ready = Object.freeze({ status: 200, body: { ready: true } } as const);

/** `GET /healthz`: it answers, so it is alive. */
export const getHealth: Handler<"getHealth"> = () => live;

/** `GET /readyz`: throws what keeps the gateway from taking calls. */
export function createGetReadiness(assertReady: () => Promise<void>): Handler<"getReadiness"> {
  return async () => {
    await assertReady();
    return ready;
  };
}

/** `GET /metrics`. */
export function createGetMetrics(metrics: Metrics): Handler<"getMetrics"> {
  return async () => ({ status: 200, body: await metrics.toText() });
}
