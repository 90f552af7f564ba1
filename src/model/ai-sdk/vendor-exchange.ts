import type { Agent } from "undici";
import { post } from "../../outbound/exchange.ts";
import type { Deadline } from "../../outbound/deadline.ts";
import type { UpstreamAnswer } from "../../outbound/send.ts";

export interface ExchangeOptions {
  readonly connections: Agent;
  readonly deadline: Deadline;
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

export function createExchange({ connections, deadline, headers }: ExchangeOptions): Exchange {
  let answer: UpstreamAnswer | undefined;
  let failure: unknown;

  const send: typeof globalThis.fetch = async (address, init) => {
    try {
      answer = await post(
        {
          url: new URL(address instanceof Request ? address.url : address),
          headers: toHeaders(init?.headers, headers),
          connections,
        },
        typeof init?.body === "string" ? init.body : "",
        deadline,
      );
      const body = toStream(answer.body, deadline, (cause) => (failure ??= cause));
      return new Response(body, { status: answer.statusCode });
    } catch (cause) {
      failure ??= cause;
      throw cause;
    }
  };
  return {
    fetch: send,
    get failure() {
      return failure;
    },
    close: () => answer?.body.close(),
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

/** Asks for a piece only when one is wanted, so that a slow reader slows the vendor; tells the clock of each. */
function toStream(
  body: UpstreamAnswer["body"],
  deadline: Deadline,
  onBroken: (cause: unknown) => void,
): ReadableStream<Uint8Array> {
  const pieces = body[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          deadline.wait();
          const { done, value } = await pieces.next();
          deadline.arrived();
          if (done === true) controller.close();
          else controller.enqueue(value);
        } catch (cause) {
          onBroken(cause);
          controller.error(cause);
        }
      },
      cancel: () => body.close(),
    },
    { highWaterMark: 0 },
  );
}
