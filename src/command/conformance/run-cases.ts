import {
  randomUUID,
  type CaseContext,
  defineCases,
  expectEqual,
  expectRefusal,
  expectStatus,
  expectText,
  expectThat,
  readStream,
  type StreamReading,
  type WireAnswer,
} from "@clawgate/conformance";

const page = "clawgate's documentation, Runs that go on";
const words = 40;
const whole = Array.from({ length: words }, (_, index) => `word${index}`).join(" ");
const detach = { "x-openclaw-detach": "true" };

/** What a gateway does whose runs outlive their clients. */
export const runCases = defineCases([
  {
    id: "RUN-01",
    level: "EXT",
    requirement:
      "A run that is asked for with `x-openclaw-detach: true` goes on when its client leaves, and is found with its answer under the id in `x-openclaw-run-id`.",
    source: `${page}: Detach. The connection of a phone does not last for minutes.`,
    needs: ["fixture"],
    async run(context) {
      const { id } = await leave(context);
      const run = await untilEnded(context, id);
      expectEqual(run["state"], "completed", "its state");
      const [choice] = (run["completion"] as { choices: { message: { content: unknown } }[] } | null)?.choices ?? [];
      expectEqual(choice?.message.content, whole, "the text of its answer");
    },
  },
  {
    id: "RUN-02",
    level: "EXT",
    requirement:
      "The events of a detached run have numbers as `id:`; `GET /v1/runs/{id}/events` goes on behind the one in `after` or `Last-Event-ID` with the same bytes, each event once.",
    source: `${page}: Go on reading. WHATWG HTML, section 9.2.4: Last-Event-ID.`,
    needs: ["fixture"],
    async run(context) {
      const { id, events: first } = await leave(context);
      const last = first.at(-1)?.id ?? "none";
      expectThat(/^[1-9]\d*$/.test(last), "a number as `id:` of each event", last);
      const path = `/runs/${id}/events`;
      const rest = await readEvents(await context.send({ path: `${path}?after=${last}` }));
      const again = await readEvents(await context.send({ path, headers: { "last-event-id": last } }));
      const all = await readEvents(await context.send({ path }));
      expectEqual(toLines([...first, ...rest]), toLines(all), "what was read before and after the break");
      expectEqual(toLines(again), toLines(rest), "what follows Last-Event-ID");
    },
  },
  {
    id: "RUN-03",
    level: "EXT",
    requirement:
      "A call that is sent again with the same `Idempotency-Key` is given the run of the first, with the same bytes and `idempotency-replayed: true`; another request with that key is 409 `idempotency_conflict`.",
    source: `${page}: Ask once. draft-ietf-httpapi-idempotency-key-header-07, section 2.`,
    async run(context) {
      for (const stream of [false, true]) {
        // A server remembers keys from one run of the suite to the next, whatever the seed.
        const own = { "idempotency-key": `conformance-${randomUUID()}` };
        const ask = (text: string): Promise<WireAnswer> =>
          context.chat(context.say(text, { stream }), { headers: own });
        const first = await ask("Reply with the word: one");
        expectStatus(first, [200], "the first call");
        const second = await ask("Reply with the word: one");
        expectStatus(second, [200], "the same call again");
        expectEqual(second.headers["idempotency-replayed"], "true", "idempotency-replayed");
        expectEqual(first.headers["idempotency-replayed"], undefined, "idempotency-replayed of the first");
        expectEqual(second.text, first.text, "its bytes");
        expectEqual(second.headers["x-openclaw-run-id"], first.headers["x-openclaw-run-id"], "its run");
        const other = expectRefusal(await ask("Reply with the word: two"), [409], "another request with the key");
        expectEqual(other["code"], "idempotency_conflict", "its code");
      }
    },
  },
  {
    id: "RUN-04",
    level: "EXT",
    requirement: "`POST /v1/runs/{id}/cancel` ends a run, whoever began it, and its readers are told `run_cancelled`.",
    source: `${page}: Cancel.`,
    needs: ["fixture"],
    async run(context) {
      const { id } = await leave(context, "@@echo one\n@@hang");
      expectStatus(await context.send({ method: "POST", path: `/runs/${id}/cancel` }), [200], "the call that ends it");
      expectEqual((await untilEnded(context, id))["state"], "cancelled", "its state");
      const { error } = readStream(await context.send({ path: `/runs/${id}/events` }));
      expectEqual((error as { code?: unknown } | undefined)?.code, "run_cancelled", "the error of its events");
    },
  },
]);

type Events = StreamReading["sse"]["events"];

/** Begins a detached stream, and leaves it when a few of its words have come. */
async function leave(
  context: CaseContext,
  text = `@@words ${words} delay=5ms`,
): Promise<{ id: string; events: Events }> {
  const leaving = new AbortController();
  let read = "";
  const onData = (piece: string): void => {
    read += piece;
    if (/word5|one/.test(read)) leaving.abort();
  };
  const body = context.say(text, { stream: true });
  const answer = await context.chat(body, { headers: detach, signal: leaving.signal, onData });
  expectStatus(answer, [200], "a detached stream");
  const id = answer.headers["x-openclaw-run-id"];
  expectText(id, "x-openclaw-run-id");
  return { id, events: readStream(answer).sse.events };
}

async function untilEnded({ send, signal }: CaseContext, id: string): Promise<Record<string, unknown>> {
  for (;;) {
    signal.throwIfAborted();
    const answer = await send({ path: `/runs/${id}` });
    expectStatus(answer, [200], "the run");
    const run = answer.json as Record<string, unknown>;
    if (run["ended_at"] !== null) return run;
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
}

async function readEvents(answer: WireAnswer): Promise<Events> {
  expectStatus(answer, [200], "the events");
  return readStream(answer).sse.events;
}

function toLines(events: Events): string {
  return events.map(({ id, data }) => `${id ?? ""} ${data}`).join("\n");
}
