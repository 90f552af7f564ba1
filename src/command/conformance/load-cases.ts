import {
  type CaseContext,
  defineCases,
  expectEqual,
  expectRefusal,
  expectThat,
  Failure,
  type OwnSubject,
  refusedBySdk,
  sendOwn,
} from "@clawgate/conformance";
import { toGateway, withGateway } from "./with-gateway.ts";

/** More calls than fit between a signal and its arrival, fewer than fit into the time to drain. */
const lateCallsMax = 20;
const endless = "@@words 400 delay=25ms";

/** A gateway that has all that it may do, and one that is told to stop. */
export const loadCases = defineCases([
  {
    id: "ABRT-10",
    level: "SHOULD",
    requirement:
      "A server that is told to stop lets its streams end within its time, then ends them with an error event, and refuses new calls.",
    source: "The OpenClaw gateway drains on SIGTERM; a stream that is only cut looks finished to some clients",
    needs: ["own", "fixture"],
    alone: true,
    limitMs: 20_000,
    async run(context) {
      const patient = await stopWhileStreaming(context, 5000, "@@words 20 delay=25ms");
      expectThat(
        patient.includes("word19") && patient.includes("[DONE]"),
        "the stream to its end",
        patient.slice(-300),
      );
      const hasty = await stopWhileStreaming(context, 200, endless);
      expectThat(/"error"\s*:\s*\{/.test(hasty), "an error event at the end of the time", hasty.slice(-300));
      expectThat(
        !/"finish_reason"\s*:\s*"/.test(hasty),
        "no finish_reason in a stream that was ended",
        hasty.slice(-300),
      );
    },
  },
  {
    id: "LIM-08",
    level: "SHOULD",
    requirement:
      "Calls beyond the limit of what may run at once are 429 or 503 in both modes, before any stream begins.",
    source: "OpenAI SDK: a status is tried again after `retry-after`; an error inside a stream never is.",
    needs: ["own", "fixture"],
    run: (context) =>
      withGateway(context, { gateway: toGateway(), sessions: { lane: { waitingMax: 0 } } }, async (own) => {
        const leave = await occupy(context, own);
        try {
          for (const stream of [false, true]) {
            const answer = await sendOwn(context, own, { body: { ...toTurn(context), stream } });
            expectRefusal(answer, [429, 503], `one call too many with stream: ${stream}`);
            const retryAfter = answer.headers["retry-after"] ?? "none";
            expectThat(/^\d+$/.test(retryAfter), "`retry-after` in whole seconds", retryAfter);
          }
          const client = context.sdk.create({ baseURL: own.baseUrl, apiKey: own.apiKey });
          const call = client.chat.completions.create({ ...toTurn(context), stream: true });
          const error = await refusedBySdk(context, call, "APIError", "one call too many");
          expectThat(error["status"] === 429 || error["status"] === 503, "429 or 503 in the SDK", error["status"]);
        } finally {
          leave();
        }
      }),
  },
]);

function toTurn({ say }: CaseContext, text = "@@echo ok"): ReturnType<CaseContext["say"]> {
  return say(text, { user: "limits" });
}

/** Keeps the session busy; resolves once its stream has begun. The returned function ends it. */
async function occupy(context: CaseContext, own: OwnSubject): Promise<() => void> {
  const controller = new AbortController();
  const body = { ...toTurn(context, "@@words 1\n@@hang"), stream: true };
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  sendOwn(context, own, { body, signal: controller.signal, onData: () => resolve() }).then(() => resolve(), reject);
  await promise;
  return () => controller.abort();
}

/** Stops a server of its own in the middle of a stream; returns all that came of it. */
async function stopWhileStreaming(context: CaseContext, drainMs: number, text: string): Promise<string> {
  const own = await context.subject.start?.({ other: { gateway: toGateway({ drainMs }) } });
  if (own === undefined) throw new Failure("a server of its own", "none");
  const begun = Promise.withResolvers<void>();
  let stopped: Promise<void> | undefined;
  try {
    const onData = (piece: string): void => {
      if (piece.includes("word")) begun.resolve();
    };
    const reading = sendOwn(context, own, { body: context.say(text, { stream: true }), onData });
    await Promise.race([begun.promise, reading]);
    stopped = own.stop();
    expectEqual(
      await callUntilRefused(context, own),
      503,
      "the status of a call during the stop (or a refusal to connect)",
    );
    await stopped;
    return (await reading).text;
  } finally {
    await (stopped ?? own.stop());
  }
}

/** The signal takes its time to arrive, so calls are made until one is refused; a refused connection counts as 503. */
async function callUntilRefused(context: CaseContext, own: OwnSubject): Promise<number> {
  let status = 200;
  for (let count = 0; count < lateCallsMax && status === 200; count++) {
    const call = sendOwn(context, own, { body: context.say("@@echo late"), limitMs: 2000 });
    status = await call.then(
      (answer) => answer.status,
      () => 503,
    );
  }
  return status;
}
