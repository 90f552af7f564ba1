import { describe, expect, test } from "vitest";
import { clients } from "../../../conformance/tell/client-verdicts.ts";
import { countRows, readRows } from "../../rows.fixture.ts";
import { readTalk } from "../../talk.fixture.ts";
import { note } from "./coder.fixture.ts";
import { type CommandLine, commandLines, isAside } from "./command-lines.fixture.ts";
import { startForClient } from "./gateway.fixture.ts";
import { readRecording, type RecordedRequest } from "./recording.fixture.ts";

// What each client sent when it was run, as it was where a gateway reads it: a question to the built-in assistant, and a
// task that takes two rounds of its own tools. live.test.ts runs the clients themselves.

interface Told {
  readonly messages: readonly {
    readonly role: string;
    readonly tool_calls?: readonly { readonly id: string }[];
    readonly tool_call_id?: string;
  }[];
}

describe.each(Object.entries<CommandLine>(commandLines))("%s", (name, client) => {
  const { question, task, ...recording } = readRecording(name);
  const isAsked = ({ body }: RecordedRequest): boolean => !isAside(client, body);

  test("was recorded in the version that runs", () => {
    expect(recording.package).toBe(client.package);
    expect([question.filter(isAsked).length, task.filter(isAsked).length]).toEqual([1, 3]);
  });

  test("is judged by the suite as what it is: by its SDK, and by what it asks for", () => {
    const asked = [...question, ...task];
    const isAny = (holds: (body: RecordedRequest["body"]) => boolean): boolean => asked.some(({ body }) => holds(body));
    const hasParts = ({ messages }: RecordedRequest["body"]): boolean =>
      (messages as { role: string; content: unknown }[]).some(
        ({ role, content }) => role === "user" && Array.isArray(content),
      );
    const isStreamed = isAny(({ stream }) => stream === true);
    const judged = clients.find(({ recorded }) => recorded === name);
    const major = asked.flatMap(({ headers }) => headers["x-stainless-package-version"]?.split(".")[0] ?? [])[0];
    expect(judged?.sdk).toBe(major === undefined ? undefined : Number(major));
    expect(new Set(judged?.does)).toEqual(
      new Set([
        ...(isStreamed ? ["a stream", "streamed tools"] : ["a question", "tools"]),
        ...(isAny(hasParts) ? ["parts"] : []),
        ...(isAny((body) => "stream_options" in body) ? ["usage of streams"] : []),
      ]),
    );
  });

  test("gets its answer of the built-in assistant, whatever it wraps around the question, and calls nothing", async () => {
    const { gateway } = await startForClient(client);
    for (const request of question) {
      const talk = await readTalk(await gateway.chat(request.body, request.headers));
      expect(talk).toMatchObject({ status: 200, finishReason: "stop" });
      if (isAsked(request)) expect(talk.text).toBe("6 times 7 = 42");
    }
  });

  test("has its calls and results told to the model whole, and what is not told is named", async () => {
    const { gateway, upstream } = await startForClient(client);
    const ends: string[] = [];
    const ignored = new Set<string>();
    for (const request of task) {
      const response = await gateway.chat(request.body, request.headers);
      const [, called] = /"function":\{"name":"([^"]+)"/.exec(await response.clone().text()) ?? [];
      const talk = await readTalk(response);
      expect(talk.status).toBe(200);
      if (isAsked(request)) ends.push(called ?? talk.text);
      for (const one of talk.headers.get("x-clawgate-ignored")?.split(", ") ?? [])
        ignored.add(one.replaceAll(/\[\d+\]/g, "[]"));
      const told = upstream.requests.at(-1)?.body as unknown as Told;
      const made = told.messages.flatMap(({ tool_calls: some = [] }) => some.map(({ id }) => id));
      expect(told.messages.flatMap(({ tool_call_id: id }) => id ?? [])).toEqual(made);
      const sent = request.body["messages"] as Told["messages"];
      expect(made).toHaveLength(sent.filter(({ role }) => role === "tool").length);
    }
    expect(ends).toEqual([client.write("", "").name, client.shell("").name, `The note says: ${note}.`]);
    expect([...ignored]).toEqual(client.ignored ?? []);
  });

  test.runIf(client.preset !== undefined)(
    "has one session for its chat, with every message once and no title",
    async () => {
      const { gateway } = await startForClient(client);
      const keys = new Set<string | null>();
      for (const request of task) {
        const { sessionKey } = await readTalk(await gateway.chat(request.body, request.headers));
        if (isAsked(request)) keys.add(sessionKey);
      }
      const id = task.find(isAsked)?.headers["x-session-id"] ?? "";
      expect([...keys]).toEqual([`agent:coder:openai-chat:${id}`]);
      expect(readRows(gateway.stateFolder, `agent:coder:openai-chat:${id}`).map((row) => row.split(":")[0])).toEqual([
        "user",
        "assistant",
        "tool",
        "assistant",
        "tool",
        "assistant",
      ]);
      expect(countRows(gateway.stateFolder)).toMatchObject({ sessions: 1, messages: 6 });
    },
  );
});
