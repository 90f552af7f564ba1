import { describe, expect } from "vitest";
import { ask, collect, sdks, test } from "./clients.fixture.ts";

describe.each(sdks)("openai $major", (sdk) => {
  test("the stream helper emits its events in order and ends with the whole answer", async ({ connect }) => {
    const { helpers } = connect(sdk);
    const stream = helpers.stream(ask("@@words 3"));
    const seen: string[] = [];
    stream
      .on("connect", () => seen.push("connect"))
      .on("chunk", () => seen.push("chunk"))
      .on("content", (delta, snapshot) => seen.push(`content ${delta}| ${snapshot}|`))
      .on("content.delta", ({ delta }) => seen.push(`content.delta ${delta}|`))
      .on("content.done", ({ content }) => seen.push(`content.done ${content}`))
      .on("finalContent", (content) => seen.push(`finalContent ${content}`))
      .on("finalMessage", ({ role }) => seen.push(`finalMessage ${role}`))
      .on("finalChatCompletion", ({ object }) => seen.push(`finalChatCompletion ${object}`))
      .on("end", () => seen.push("end"));
    const completion = await stream.finalChatCompletion();
    expect(seen).toEqual([
      "connect",
      "chunk",
      "chunk",
      "content word0 | word0 |",
      "content.delta word0 |",
      "chunk",
      "content word1 | word0 word1 |",
      "content.delta word1 |",
      "chunk",
      "content word2| word0 word1 word2|",
      "content.delta word2|",
      "chunk",
      "content.done word0 word1 word2",
      "finalChatCompletion chat.completion",
      "finalMessage assistant",
      "finalContent word0 word1 word2",
      "end",
    ]);
    expect(completion).toMatchObject({
      object: "chat.completion",
      model: "openclaw",
      choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content: "word0 word1 word2" } }],
    });
    expect(await stream.finalContent()).toBe("word0 word1 word2");
    expect(await stream.finalMessage()).toMatchObject({ role: "assistant", content: "word0 word1 word2" });
    expect(stream.errored).toBe(false);
  });

  test("the stream helper can be iterated, and so can the readable stream made of it", async ({ connect }) => {
    const { helpers } = connect(sdk);
    const chunks = await collect(helpers.stream(ask("@@words 4")));
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("")).toBe("word0 word1 word2 word3");
    const lines = new TextDecoderStream();
    const bytes = helpers.stream(ask("@@words 4")).toReadableStream() as ReadableStream<Uint8Array<ArrayBuffer>>;
    const text = (await collect(bytes.pipeThrough(lines))).join("");
    expect(text.trimEnd().split("\n")).toHaveLength(chunks.length);
  });

  test("a stream forked with tee gives both readers every chunk", async ({ connect }) => {
    const { client } = connect(sdk);
    const [left, right] = (await client.chat.completions.create({ ...ask("@@words 4"), stream: true })).tee();
    const [one, two] = await Promise.all([collect(left), collect(right)]);
    expect(one).toHaveLength(6);
    expect(two).toEqual(one);
  });

  test("words arrive while the agent still speaks", async ({ connect }) => {
    const { client } = connect(sdk);
    const stream = await client.chat.completions.create({ ...ask("@@words 2", "@@hang"), stream: true });
    const words: string[] = [];
    for await (const chunk of stream) {
      words.push(chunk.choices[0]?.delta.content ?? "");
      if (words.join("") === "word0 word1") break;
    }
    expect(words).toEqual(["", "word0 ", "word1"]);
  });
});
