import { describe, expect, it } from "vitest";
import { createBodyInlet } from "./answer-body.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text);

function start(): ReturnType<typeof createBodyInlet> & { flow: string[]; read: (count?: number) => Promise<string[]> } {
  const flow: string[] = [];
  const inlet = createBodyInlet({
    pause: () => flow.push("pause"),
    resume: () => flow.push("resume"),
    cut: () => flow.push("cut"),
  });
  const read = async (count = Infinity): Promise<string[]> => {
    const texts: string[] = [];
    try {
      for await (const piece of inlet.body) if (texts.push(String(Buffer.from(piece))) >= count) break;
    } catch (cause) {
      texts.push(String(cause));
    }
    return texts;
  };
  return { ...inlet, flow, read };
}

describe("createBodyInlet", () => {
  it("gives what came, then the end, once and again", async () => {
    const { push, end, read } = start();
    push(bytes("a"));
    push(bytes("b"));
    end();
    push(bytes("too late"));
    expect(await read()).toEqual(["a", "b"]);
    expect(await read()).toEqual([]);
  });

  it("gives what comes while it is waited for", async () => {
    const { push, end, read } = start();
    const reading = read();
    push(bytes("a"));
    await Promise.resolve();
    push(bytes("b"));
    end();
    expect(await reading).toEqual(["a", "b"]);
  });

  it("gives what came before a failure, then the failure, however late it is read", async () => {
    const { push, fail, end, read } = start();
    push(bytes("a"));
    fail(new Error("reset"));
    end();
    expect(await read()).toEqual(["a", "Error: reset"]);
    expect(await read()).toEqual(["Error: reset"]);
  });

  it("goes on where an earlier loop was left", async () => {
    const { push, end, read, flow } = start();
    for (const text of ["a", "b", "c"]) push(bytes(text));
    end();
    expect(await read(1)).toEqual(["a"]);
    expect(await read()).toEqual(["b", "c"]);
    expect(flow).toEqual([]);
  });

  it("drops what was not read when its caller leaves", async () => {
    const { push, drop, read } = start();
    push(bytes("a"));
    drop(new Error("left"));
    expect(await read()).toEqual(["Error: left"]);
  });

  it("wakes its reader when its caller leaves", async () => {
    const { drop, read } = start();
    const reading = read();
    drop(new Error("left"));
    expect(await reading).toEqual(["Error: left"]);
  });

  it("holds the connection up while 64 KiB are unread, and only then", async () => {
    const { push, read, flow } = start();
    const half = new Uint8Array(32 * 1024);
    push(half);
    expect(flow).toEqual([]);
    push(half);
    push(half);
    expect(flow).toEqual(["pause", "pause"]);
    await read(1);
    expect(flow).toEqual(["pause", "pause"]);
    await read(1);
    expect(flow).toEqual(["pause", "pause", "resume"]);
  });

  it("goes on when the connection gives more at once, as soon as it may", async () => {
    const piece = new Uint8Array(64 * 1024);
    let left = 5;
    const give = (): void => {
      left -= 1;
      if (left < 0) inlet.end();
      else inlet.push(piece);
    };
    const inlet = createBodyInlet({ pause: () => undefined, resume: give, cut: () => undefined });
    give();
    let read = 0;
    for await (const { length } of inlet.body) read += length;
    expect(read).toBe(5 * piece.length);
  });

  it.each<[when: string, act: (inlet: ReturnType<typeof createBodyInlet>) => void, flow: string[]]>([
    ["is under way", () => undefined, ["cut"]],
    ["has ended", ({ end }) => end(), []],
    ["has failed", ({ fail }) => fail(new Error("reset")), []],
    ["was closed", ({ body }) => body.close(), ["cut"]],
  ])("cuts the connection once if the answer %s", async (_, act, want) => {
    const inlet = start();
    act(inlet);
    inlet.body.close();
    expect(inlet.flow).toEqual(want);
    expect(await inlet.read()).toEqual(["Error: the answer was closed"]);
  });
});
