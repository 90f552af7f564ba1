import type OpenAI from "openai";
import { describe, expect } from "vitest";
import { startLossyProxy } from "../lossy.fixture.ts";
import { detach, findRun, readEvents, toText } from "../runs/runs.fixture.ts";
import { readRows } from "../rows.fixture.ts";
import { ask, collect, sdks, test } from "./clients.fixture.ts";

describe.concurrent.each(sdks)("openai $major", (sdk) => {
  test("whose answer is lost sends its key again by itself, and is given the run of the first", async ({
    gateway,
    connect,
  }) => {
    for (const stream of [false, true]) {
      const proxy = await startLossyProxy(gateway.port, "when it is whole");
      const baseURL = `http://127.0.0.1:${proxy.port}/v1`;
      const { client } = connect(sdk, { ownFetch: true, client: { baseURL, maxRetries: 2 } });
      const user = `${sdk.major} key ${stream}`;
      const options = { headers: { "Idempotency-Key": user } };
      const body = { ...ask("@@words 20"), user };
      let text: string;
      let headers: Headers;
      if (stream) {
        const { data, response } = await client.chat.completions.create({ ...body, stream }, options).withResponse();
        const chunks = await collect(data);
        [text, headers] = [
          chunks.map(({ choices: [choice] }) => choice?.delta.content ?? "").join(""),
          response.headers,
        ];
      } else {
        const { data, response } = await client.chat.completions.create(body, options).withResponse();
        [text, headers] = [data.choices[0]?.message.content ?? "", response.headers];
      }
      expect(text).toMatch(/^word0 .* word19$/);
      expect([proxy.lost, headers.get("idempotency-replayed")]).toEqual([1, "true"]);
      expect(readRows(gateway.stateFolder, `agent:main:openai-user:${user}`)).toHaveLength(2);
    }
  });

  test("that is told where a key goes makes one for each call, and one for all its retries", async ({
    gateway,
    connect,
  }) => {
    const proxy = await startLossyProxy(gateway.port, "unseen, before it comes");
    const baseURL = `http://127.0.0.1:${proxy.port}/v1`;
    const { client } = connect(sdk, { ownFetch: true, client: { baseURL, maxRetries: 2 } });
    // As a class derived from the SDK's sets it.
    Object.assign(client, { idempotencyHeader: "Idempotency-Key" });
    const user = `${sdk.major} derived`;
    const body = { ...ask("@@delay 900ms", "@@echo a"), user };
    for (const replayed of ["true", null]) {
      const { data, response } = await client.chat.completions.create(body).withResponse();
      expect(data.choices[0]?.message.content).toBe("a");
      expect(response.headers.get("idempotency-replayed")).toBe(replayed);
    }
    expect(readRows(gateway.stateFolder, `agent:main:openai-user:${user}`)).toHaveLength(4);
  });

  test("that leaves a detached stream finds it by its id", async ({ gateway, connect }) => {
    const { client } = connect(sdk);
    const body = { ...ask("@@words 60 delay=5ms"), stream: true } as const;
    const { data, response } = await client.chat.completions.create(body, { headers: detach }).withResponse();
    const id = response.headers.get("x-openclaw-run-id") ?? "";
    let text = "";
    let count = 0;
    for await (const { choices } of data) {
      text += choices[0]?.delta.content ?? "";
      if (++count === 10) break;
    }
    const whole = toText(await readEvents(gateway, id));
    expect(whole).toMatch(/^word0 .* word59$/);
    expect(whole.startsWith(text)).toBe(true);
    // The SDK reads the events as it reads any stream, though it has no method for them.
    const { get } = client as unknown as { get: OpenAI["get"] };
    const again = await get.call(client, `/runs/${id}/events`, { stream: true });
    const chunks = await collect(again as AsyncIterable<OpenAI.ChatCompletionChunk>);
    expect(chunks.map(({ choices: [choice] }) => choice?.delta.content ?? "").join("")).toBe(whole);
    expect((await findRun(gateway, id)).completion?.choices[0]?.message.content).toBe(whole);
  });
});
