import type { Agent } from "undici";
import type { Brake, Flow } from "../../base/listener.ts";
import type { Deadline } from "../../base/deadline.ts";
import { exchange } from "../../outbound/exchange.ts";

export interface ExchangeOptions {
  readonly connections: Agent;
  readonly deadline: Deadline;
  /** Held while the package has more than it has asked for, or the client reads nothing. */
  readonly brake: Brake;
  /** The client's. */
  readonly flow: Flow;
  /** Set over those of the package; undefined takes one away. */
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** The HTTP of one attempt: what a package gets for `fetch`, and what became of it. */
export interface Exchange {
  readonly fetch: typeof globalThis.fetch;
  /**
   * Why it failed, as it was thrown: a `FailedAttempt`, or what broke the answer off. A package wraps it in an error of
   * its own, which holds the whole prompt.
   */
  readonly failure: unknown;
  /** Cuts the connection, unless the answer was read to its end. */
  close(): void;
}

/** So many bytes wait for the package before the vendor is held up. */
const waitingBytesMax = 64 * 1024;

export function createExchange({ connections, deadline, brake, flow, headers }: ExchangeOptions): Exchange {
  let failure: unknown;
  let close = (): void => undefined;

  const send: typeof globalThis.fetch = (address, init) =>
    new Promise<Response>((resolve, reject) => {
      let body: ReadableStreamDefaultController<Uint8Array> | undefined;
      const steer = (): void => {
        if (flow.held || (body?.desiredSize ?? 0) <= 0) brake.hold();
        else brake.release();
      };
      let stopFlow: (() => void) | undefined;
      const finish = (): void => {
        if (stopFlow === undefined) return;
        stopFlow();
        // The vendor owes nothing more: however long the client takes from here on, its clock stands still.
        brake.hold();
      };
      const endpoint = {
        url: new URL(address instanceof Request ? address.url : address),
        headers: toHeaders(init?.headers, headers),
        connections,
      };
      const sent = exchange(endpoint, typeof init?.body === "string" ? init.body : "", {
        deadline,
        flow: brake,
        accept({ statusCode }, cut) {
          close = cut;
          const stream = new ReadableStream<Uint8Array>(
            {
              start: (controller) => void (body = controller),
              pull: steer,
              cancel() {
                // To close it once more would be an error.
                body = undefined;
                cut();
              },
            },
            { highWaterMark: waitingBytesMax, size: ({ byteLength }) => byteLength },
          );
          stopFlow = flow.onChange(steer);
          steer();
          resolve(new Response(stream, { status: statusCode }));
          return (bytes) => {
            body?.enqueue(bytes);
            steer();
            return false;
          };
        },
      });
      const end = (): void => {
        finish();
        body?.close();
      };
      const fail = (cause: unknown): void => {
        finish();
        failure ??= cause;
        body?.error(cause);
        reject(cause);
      };
      sent.then(end, fail);
    });
  return {
    fetch: send,
    get failure() {
      return failure;
    },
    close: () => close(),
  };
}

function toHeaders(
  given: ConstructorParameters<typeof Headers>[0],
  over: ExchangeOptions["headers"],
): Record<string, string> {
  const headers = new Headers(given);
  headers.set("accept-encoding", "identity");
  for (const [name, value] of Object.entries(over)) {
    if (value === undefined) headers.delete(name);
    else headers.set(name, value);
  }
  return Object.fromEntries(headers);
}
