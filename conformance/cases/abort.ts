import { defineCases } from "../case.ts";
import type { CaseContext } from "../context.ts";
import { expectEqual, expectRejection, expectThat, Failure } from "../expect.ts";
import { expectCancelled, expectLive, readQuietRuns, readRuns } from "./abort-runs.ts";
import { settle } from "./sdk-settle.ts";

/** Ends by itself one day, so that a subject that does not cancel is not left with it. */
const endless = "@@words 400 delay=25ms";
const thinking = "@@think 8s\n@@echo late";

/** A client that leaves, in the ways of the official SDK. */
export const abortCases = defineCases([
  {
    id: "ABRT-01",
    level: "SHOULD",
    requirement: "A client that stops reading a stream stops the run behind it within a second.",
    source:
      "`break` in the SDK's iteration closes the connection, every major; oobabooga/textgen#4521, cubist38/mlx-openai-server#269, ggml-org/llama.cpp#24496",
    needs: ["fixture"],
    eachSdk: true,
    alone: true,
    faults: [
      {
        id: "runs-on-without-client",
        alone: true,
        what: "Nobody tells the model that the client has left, and billed tokens go on: oobabooga/textgen#4521.",
        deaf: true,
      },
    ],
    run: (context) => leaveStream(context, () => undefined),
  },
  {
    id: "ABRT-02",
    level: "SHOULD",
    requirement: "A stream that the client aborts by its controller stops the run behind it within a second.",
    source: "`stream.controller.abort()` of the SDK closes the connection, every major; ggml-org/llama.cpp#24630",
    needs: ["fixture"],
    eachSdk: true,
    alone: true,
    finds: ["runs-on-without-client"],
    run: (context) => leaveStream(context, (stream) => stream.controller.abort()),
  },
  {
    id: "ABRT-03",
    level: "SHOULD",
    requirement: "A call without streaming that the client aborts stops the run behind it within a second.",
    source:
      "An AbortSignal of the SDK closes the connection, every major; ROCm/ATOM#1441, peonist-ai/halogen-flash-server#58, Open-Historia/open-historia#339",
    needs: ["fixture"],
    eachSdk: true,
    alone: true,
    finds: ["runs-on-without-client"],
    async run(context) {
      const before = await readQuietRuns(context);
      const left = new AbortController();
      const call = context.sdk.client.chat.completions.create(context.say(thinking), { signal: left.signal });
      const rejection = expectRejection(Promise.resolve(call), "an aborted call");
      await expectLive(context, before, 1);
      left.abort();
      expectEqual((await rejection).constructor.name, "APIUserAbortError", "what the SDK throws");
      await expectCancelled(context, before);
    },
  },
  {
    id: "ABRT-04",
    level: "SHOULD",
    requirement: "A call that the client gives up after its own timeout stops the run behind it within a second.",
    source: "The option `timeout` of the SDK closes the connection, every major",
    needs: ["fixture"],
    eachSdk: true,
    alone: true,
    finds: ["runs-on-without-client"],
    async run(context) {
      const before = await readQuietRuns(context);
      const call = context.sdk.client.chat.completions.create(context.say(thinking), { timeout: 200, maxRetries: 0 });
      const error = await expectRejection(Promise.resolve(call), "a call that is given up");
      expectEqual(error.constructor.name, "APIConnectionTimeoutError", "what the SDK throws");
      await expectCancelled(context, before);
    },
  },
  {
    id: "ABRT-05",
    level: "SHOULD",
    requirement: "A client that times out and tries again never has two runs alive.",
    source: "The SDK repeats a call after its timeout, twice by default; NousResearch/hermes-agent#19642",
    needs: ["fixture"],
    alone: true,
    finds: ["runs-on-without-client"],
    async run(context) {
      const before = await readQuietRuns(context);
      const client = context.sdk.create({ timeout: 200, maxRetries: 1 });
      const call = client.chat.completions.create(context.say(thinking), { signal: context.signal });
      const rejection = expectRejection(Promise.resolve(call), "a call that is given up twice");
      const over = new AbortController();
      void rejection.then(
        () => over.abort(),
        () => over.abort(),
      );
      let most = 0;
      // A replay asks as often as its run did.
      for (let asked = 0; context.observe(`goes on after ${asked}`, () => !over.signal.aborted); asked++)
        most = Math.max(most, (await readRuns(context)).live - before.live);
      const error = await rejection;
      expectEqual(error.constructor.name, "APIConnectionTimeoutError", "what the SDK throws");
      expectEqual(context.sdk.requestCount(), 2, "the number of requests of the SDK");
      expectThat(most <= 1, "at most one live run at any time", most);
      await expectCancelled(context, before, 2);
    },
  },
]);

interface LeftStream {
  readonly controller: AbortController;
}

/** Reads the first words of a stream and leaves it. */
async function leaveStream(context: CaseContext, leave: (stream: LeftStream) => void): Promise<void> {
  const { sdk, say, signal } = context;
  const before = await readQuietRuns(context);
  const body = { ...say(endless), stream: true as const };
  const read = async (): Promise<void> => {
    const stream = await sdk.client.chat.completions.create(body, { signal });
    for await (const chunk of stream) {
      if (!chunk.choices?.[0]?.delta?.content) continue;
      leave(stream);
      break;
    }
  };
  const started = performance.now();
  await settle(read(), "a stream whose first word comes while the rest is being said");
  const waitedMs = performance.now() - started;
  if (waitedMs > 5000) throw new Failure("the first word at once", `it came after ${Math.round(waitedMs)} ms`);
  await expectCancelled(context, before);
}
