import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { Durations } from "./durations.ts";
import { type RunMetrics, RunTally } from "./run-tally.ts";

export interface QuotaMetrics {
  /** A request or run that a limit of its key has refused. */
  refusedByLimit(key: string, limit: string): void;
}

/** What the port holds for its clients; each is read when the metrics are. */
export interface PortLoad {
  readonly connections: () => number;
  readonly requestBytes: () => number;
  readonly answerBytes: () => number;
}

/** Why a connection was closed as it came: too many in all, or of its address. */
export type RefusedFor = "connections" | "connections_per_address";
/** Why a connection was closed that was served: what its client did not take, or did not stop to send. */
export type CutFor = "stalled" | "answer_bytes" | "pipelined" | "body" | "socket";

/** Why a run was not begun: what `reason` of `clawgate_runs_refused_total` may be. */
export type RefusalReason = "loop_delay" | "queue_full" | "displaced" | "wait_too_long";

export interface SlotMetrics {
  refuseRun(reason: RefusalReason): void;
  setRunsWaiting(count: number): void;
}

/** Why somebody was not let in: no secret, a wrong one, one from a locked address, or a key that has ended. */
export type AuthFailure = "missing" | "wrong" | "locked" | "expired";

/** From the request line to the last byte of the answer. */
export type RequestTimes = Pick<Durations<"operation" | "status">, "add">;

export interface Metrics extends QuotaMetrics, SlotMetrics {
  readonly requests: RequestTimes;
  readonly runs: RunMetrics;
  authFailure(reason: AuthFailure): void;
  /** An address that was locked. */
  lockout(): void;
  watchPort(load: PortLoad): void;
  /** WebSocket connections, read when the metrics are. */
  watchSockets(open: () => number): void;
  refuseConnection(reason: RefusedFor): void;
  cutConnection(reason: CutFor): void;
  /** An answer that breaks the contract. */
  violation(operation: string): void;
  /** How late the event loop was, ten times a second. */
  loopDelay(seconds: number): void;
  /** The Prometheus exposition format 0.0.4. */
  toText(): Promise<string>;
  readonly violations: number;
}

const firstTokenBuckets = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const tokenBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];
const secondsBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/** Labels come from closed sets only (operations, agents, keys, statuses), so that no client can make them grow. */
export function createMetrics(): Metrics {
  const registers = [new Registry()];
  const [registry] = registers as [Registry];
  const requests = new Durations({
    name: "clawgate_http_request_seconds",
    help: "Time from the request line to the last byte of the answer.",
    labelNames: ["operation", "status"],
    buckets: secondsBuckets,
    registers,
  });
  const violations = new Counter({
    name: "clawgate_contract_violations_total",
    help: "Answers that broke the contract.",
    labelNames: ["operation"],
    registers,
  });
  const waiting = new Gauge({ name: "clawgate_runs_waiting", help: "Runs that wait for a slot.", registers });
  // Counted in plain numbers: while much is refused, to find a metric by its labels would be a part of each refusal.
  const runsRefused = new Map<RefusalReason, number>();
  const refusedRuns = new Counter({
    name: "clawgate_runs_refused_total",
    help: "Calls that were refused for too much load, by reason: loop_delay, queue_full, displaced or wait_too_long.",
    labelNames: ["reason"],
    registers: [],
    collect() {
      this.reset();
      for (const [reason, count] of runsRefused) this.inc({ reason }, count);
    },
  });
  registry.registerMetric(refusedRuns);
  const loopDelay = new Histogram({
    name: "clawgate_loop_delay_seconds",
    help: "How late the event loop was, ten times a second: so long everything waited.",
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers,
  });
  const refusals = new Counter({
    name: "clawgate_key_refusals_total",
    help: "Requests and runs that a limit of their key has refused.",
    labelNames: ["key", "limit"],
    registers,
  });
  const refused = new Counter({
    name: "clawgate_connections_refused_total",
    help: "Connections that were closed as they came, by the limit that they were beyond.",
    labelNames: ["reason"],
    registers,
  });
  const cut = new Counter({
    name: "clawgate_connections_cut_total",
    help: "Connections that were cut, by reason: stalled, answer_bytes, pipelined, body or socket.",
    labelNames: ["reason"],
    registers,
  });
  const firstToken = new Durations({
    name: "clawgate_time_to_first_token_seconds",
    help: "Time from the beginning of a run, its wait for the session included, to the first word, thought or tool call of a model.",
    labelNames: ["agent", "model"],
    buckets: firstTokenBuckets,
    registers,
  });
  const perToken = new Durations({
    name: "clawgate_time_per_output_token_seconds",
    help: "Time between tokens of models, as the mean of a run.",
    labelNames: ["agent", "model"],
    buckets: tokenBuckets,
    registers,
  });
  const authFailures = new Counter({
    name: "clawgate_auth_failures_total",
    help: "Requests that were not let in, by reason: missing, wrong, expired, or locked, which is any of a locked address.",
    labelNames: ["reason"],
    registers,
  });
  const lockouts = new Counter({
    name: "clawgate_auth_lockouts_total",
    help: "How often an address was locked after too many wrong tokens, passwords or keys.",
    registers,
  });
  const runs = new RunTally(registry, { firstToken, perToken });
  let violationCount = 0;
  const watch = (name: string, help: string, read: () => number): void => {
    // prom-client calls it each time it is asked.
    const collect = (): void => gauge.set(read());
    const gauge = new Gauge({ name, help, registers, collect });
  };

  return {
    requests,
    runs,
    violation(operation) {
      violationCount++;
      violations.inc({ operation });
    },
    watchPort({ connections, requestBytes, answerBytes }) {
      watch("clawgate_connections_open", "Connections.", connections);
      watch("clawgate_request_bytes_held", "Bytes of request bodies that are not answered yet.", requestBytes);
      watch("clawgate_answer_bytes_held", "Bytes of answers that clients have not taken yet.", answerBytes);
    },
    watchSockets: (open) => watch("clawgate_sockets_open", "Connections of the gateway protocol (WebSocket).", open),
    authFailure: (reason) => authFailures.inc({ reason }),
    lockout: () => lockouts.inc(),
    refuseConnection: (reason) => refused.inc({ reason }),
    cutConnection: (reason) => cut.inc({ reason }),
    refuseRun: (reason) => void runsRefused.set(reason, (runsRefused.get(reason) ?? 0) + 1),
    setRunsWaiting: (count) => waiting.set(count),
    loopDelay: (seconds) => loopDelay.observe(seconds),
    toText: () => registry.metrics(),
    get violations() {
      return violationCount;
    },
    refusedByLimit: (key, limit) => refusals.inc({ key, limit }),
  };
}
