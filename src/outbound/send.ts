import type { Agent, Dispatcher } from "undici";
import { type AnswerBody, type BodyInlet, createBodyInlet } from "./answer-body.ts";

export interface UpstreamCall {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface UpstreamAnswer {
  readonly statusCode: number;
  /** A field that came several times is a list. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: AnswerBody;
}

/**
 * Posts one call, and resolves with the head of the answer. When the signal aborts, it lets go at once: of the
 * connection, of the wait for one, and of an answer that has come but was not read. Then it throws the signal's reason.
 *
 * Not by `Agent.request`: there a call that waits for a connection is deaf to its signal, and a failure takes with it
 * what had come before and was not read yet.
 */
export function send(connections: Agent, { url, headers, body }: UpstreamCall, signal: AbortSignal) {
  return new Promise<UpstreamAnswer>((resolve, reject) => {
    signal.throwIfAborted();
    let controller: Dispatcher.DispatchController | undefined;
    const inlet: BodyInlet = createBodyInlet({
      pause: () => controller?.pause(),
      resume: () => controller?.resume(),
      cut: (reason) => controller?.abort(reason),
    });
    const leave = (): void => {
      inlet.drop(signal.reason);
      reject(signal.reason);
      controller?.abort(left);
    };
    signal.addEventListener("abort", leave, { once: true });

    connections.dispatch(
      { origin: url.origin, path: url.pathname + url.search, method: "POST", headers, body },
      {
        onRequestStart(started) {
          if (signal.aborted) started.abort(left);
          controller = started;
        },
        onResponseStart(_, statusCode, answerHeaders) {
          // What is below 200 only announces the answer.
          if (statusCode >= 200) resolve({ statusCode, headers: answerHeaders, body: inlet.body });
        },
        onResponseData: (_, bytes) => inlet.push(bytes),
        onResponseEnd: () => inlet.end(),
        onResponseError(_, cause) {
          inlet.fail(cause);
          reject(cause);
        },
      },
    );
  });
}

/** Only undici sees it. */
const left = new Error("the call was left");
