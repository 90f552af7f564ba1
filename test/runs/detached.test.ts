import { describe, expect } from "vitest";
import { createGatewayTest } from "../gateway.fixture.ts";
import { liveRuns, seen, untilLive } from "../talk.fixture.ts";
import {
  ask,
  codeOf,
  detach,
  findRun,
  readEvents,
  readSome,
  toEvents,
  toRunId,
  toText,
  untilState,
} from "./runs.fixture.ts";

const test = createGatewayTest({});

describe("a detached run", () => {
  test("is what a page shows that reloads ten times", async ({ gateway }) => {
    const response = await gateway.chat(...ask("@@words 400 delay=2ms", { body: { stream: true }, headers: detach }));
    const id = toRunId(response);
    const got = await readSome(response, 20);
    for (let reload = 1; reload <= 10; reload += 1) {
      const after = got.at(-1)?.id ?? Number.NaN;
      const again = await gateway.request(`/v1/runs/${id}/events?after=0`, {
        headers: { "last-event-id": String(after) },
      });
      got.push(...(await readSome(again, 25)));
    }
    got.push(...(await readEvents(gateway, id, got.at(-1)?.id)));
    expect(got).toEqual(await readEvents(gateway, id));
    expect(toText(got)).toBe(Array.from({ length: 400 }, (_, index) => `word${index}`).join(" "));
  });

  test("has the very stream of its call, to whoever reads with it and to whoever comes later", async ({ gateway }) => {
    const body = { stream: true, stream_options: { include_usage: true }, user: "watched" };
    const response = await gateway.chat(...ask("@@words 50 delay=2ms", { body, headers: detach }));
    const id = toRunId(response);
    const beside = readEvents(gateway, id);
    const own = toEvents(await response.text());
    expect((await gateway.request(`/v1/runs/${id}/events`, { method: "HEAD" })).status).toBe(200);
    expect(await beside).toEqual(own);
    expect(await readEvents(gateway, id)).toEqual(own);
    expect(own[0]).toMatchObject({ id: 1 });
    const ids = own.slice(0, -1).map((event) => event.id ?? Number.NaN);
    expect(ids.toSorted((one, other) => one - other)).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
    const last = ids.at(-1) ?? 0;
    for (const after of [last - 1, last, last + 1])
      expect(await readEvents(gateway, id, after)).toEqual(own.filter((event) => (event.id ?? Infinity) > after));
  });

  test("without a stream is found with the body that its client did not wait for", async ({ gateway }) => {
    const [body, headers] = ask("@@words 30 delay=10ms", { body: { user: "left" }, headers: detach });
    const leaving = new AbortController();
    const call = gateway.request("/v1/chat/completions", {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
      signal: leaving.signal,
    });
    await untilLive(gateway, 1);
    leaving.abort();
    await expect(call).rejects.toThrow(/abort/);
    const { data } = (await (await gateway.request("/v1/runs?session=agent:main:openai-user:left")).json()) as {
      data: { id: string }[];
    };
    expect(data).toHaveLength(1);
    const run = await untilState(gateway, data[0]?.id ?? "", "completed");
    expect(run.completion).toMatchObject({ object: "chat.completion", choices: [{ finish_reason: "stop" }] });
    expect(run.usage).toEqual(run.completion?.usage);
    expect(await seen(gateway, { body: { user: "left" } })).toHaveLength(3);
  });

  test("whose client waits is answered with the body that is kept", async ({ gateway }) => {
    const response = await gateway.chat(...ask("@@echo hello", { headers: detach }));
    const body = (await response.json()) as object;
    expect((await findRun(gateway, toRunId(response))).completion).toEqual(body);
  });

  test("is cancelled by its id, and says so to everybody", async ({ gateway }) => {
    const response = await gateway.chat(...ask("@@echo a\n@@hang", { body: { stream: true }, headers: detach }));
    const id = toRunId(response);
    const beside = readEvents(gateway, id);
    await readSome(response, 2);
    expect(await liveRuns(gateway)).toBe(1);
    const cancelled = await gateway.request(`/v1/runs/${id}/cancel`, { method: "POST" });
    expect(cancelled.status).toBe(200);
    expect(JSON.parse((await beside).at(-1)?.data ?? "")).toMatchObject({ error: { code: "run_cancelled" } });
    const run = await untilState(gateway, id, "cancelled");
    expect(run).toMatchObject({ error: { code: "run_cancelled", type: "invalid_request_error" }, completion: null });
    expect(await liveRuns(gateway)).toBe(0);
    // Once it has ended it stays so.
    expect((await gateway.request(`/v1/runs/${id}/cancel`, { method: "POST" })).status).toBe(200);
  });

  test("that fails before its first word is a status, and its events are the error", async ({ gateway }) => {
    const response = await gateway.chat(
      ...ask("@@fail code=upstream_unavailable", { body: { stream: true }, headers: detach }),
    );
    expect(response.ok).toBe(false);
    const id = toRunId(response);
    const [, code] = await codeOf(response);
    const run = await findRun(gateway, id);
    expect(run).toMatchObject({ state: "failed", error: { code } });
    const events = await readEvents(gateway, id);
    expect(JSON.parse(events.at(-1)?.data ?? "")).toEqual({ error: run.error });
  });
});

describe("a call that is not detached", () => {
  test("names its run in both modes, and leaves nothing of it behind", async ({ gateway }) => {
    for (const stream of [false, true]) {
      const response = await gateway.chat(...ask("@@echo a", { body: { stream } }));
      const text = await response.text();
      expect(text).not.toContain("id: ");
      const id = toRunId(response);
      expect(await codeOf(await gateway.request(`/v1/runs/${id}`))).toEqual([404, "run_not_found"]);
    }
  });

  test("is listed while it runs, cannot be followed, and can be cancelled", async ({ gateway }) => {
    const response = await gateway.chat(...ask("@@echo a\n@@hang", { body: { stream: true, user: "plain" } }));
    const id = toRunId(response);
    const list = (await (await gateway.request("/v1/runs?session=agent:main:openai-user:plain")).json()) as object;
    expect(list).toMatchObject({ data: [{ id, state: "running", logged: false, detached: false }], last_id: id });
    expect(await codeOf(await gateway.request(`/v1/runs/${id}/events`))).toEqual([409, "run_not_logged"]);
    expect((await gateway.request(`/v1/runs/${id}/cancel`, { method: "POST" })).status).toBe(200);
    const events = toEvents(await response.text());
    expect(JSON.parse(events.at(-1)?.data ?? "")).toMatchObject({ error: { code: "run_cancelled" } });
  });
});
