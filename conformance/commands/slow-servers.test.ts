import { readFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Report } from "../shapes.ts";
import { listen } from "../test/listen.fixture.ts";
import { answer, createFolder, type Ended, runCommand } from "./commands.fixture.ts";

// Alone: a process that is busy with others would be too slow for it too.
test("a server that is slower than the suite waits is told of once, and how to wait longer", async () => {
  const slow: RequestListener = (request, response) => {
    if (request.url === "/v1/models") answer(request, response);
  };
  const words = ["--base-url", await listen(slow), "--model", "m", "--only", "MOD-06", "--timeout", "1s"];
  const { output, notes } = await runCommand(words);
  expect(output).toContain("no answer within 1000 ms");
  expect(notes.match(/--timeout 4s/g)).toHaveLength(1);
});

/** Answers chats after a while, as a model on a small machine does. */
const late: (afterMs: number) => RequestListener = (afterMs) => (request, response) => {
  const message = { role: "assistant", content: "one two three four five", refusal: null };
  const choices = [{ index: 0, message, logprobs: null, finish_reason: "stop" }];
  const completion = { id: "c", object: "chat.completion", created: 1, model: "m", choices };
  const isChat = request.method === "POST";
  if (!isChat) return answer(request, response);
  request.resume();
  setTimeout(() => {
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(completion));
  }, afterMs);
};

test.concurrent("a slow server is given more time than a fast one, and every report says how much", async () => {
  const folder = createFolder();
  const words = ["--model", "m", "--only", "NS-01,NS-02", "--sdk", "7"];
  const run = async (afterMs: number, name: string): Promise<Ended & { report: Report; markdown: string }> => {
    const reports = ["--report", `json=${name}.json`, "--report", `md=${name}.md`];
    const ended = await runCommand(["--base-url", await listen(late(afterMs)), ...words, ...reports], folder);
    const read = (file: string): string => readFileSync(join(folder, file), "utf8");
    return { ...ended, report: JSON.parse(read(`${name}.json`)) as Report, markdown: read(`${name}.md`) };
  };
  const [fast, slow] = await Promise.all([run(0, "fast"), run(1700, "slow")]);
  expect(fast.report.timeout?.ms).toBe(5000);
  expect(slow.report.timeout?.ms).toBeGreaterThanOrEqual(9000);
  expect(slow.output).toContain("2 passed, 0 failed");
  for (const { report, markdown, notes } of [fast, slow]) {
    const said = `${report.timeout!.ms / 1000} s: a plain answer took `;
    expect(notes).toContain(`A call may take ${said}`);
    expect(markdown).toContain(`A call might take ${said}`);
  }
});

test.concurrent("the longest time that a call may be given is one that a timer can wait, and more is refused", async () => {
  const words = ["--base-url", await listen(late(0)), "--model", "m", "--only", "NS-01", "--sdk", "7", "--timeout"];
  expect(await runCommand([...words, "1440m"])).toMatchObject({
    status: 0,
    output: expect.stringContaining("1 passed, 0 failed") as string,
  });
  const { status, notes } = await runCommand([...words, "999999s"]);
  expect({ status, notes }).toEqual({ status: 2, notes: expect.stringContaining("1440m at most") as string });
});

test.concurrent("a server that is too slow to be found is told how to wait longer", async () => {
  const words = ["--base-url", await listen(() => undefined), "--model", "m", "--timeout", "500ms"];
  const { status, notes } = await runCommand(words);
  expect(status).toBe(3);
  expect(notes).toContain("no answer within 500 ms; --timeout gives it more");
});

// Alone: a process that is busy with others would be too slow for it too.
test("a run on a server that is too slow for it shows three findings, and then only counts", async () => {
  const folder = createFolder();
  const words = ["--base-url", await listen(late(3000)), "--model", "m", "--only", "NS", "--timeout", "600ms"];
  const { output, notes } = await runCommand([...words, "--report", "md=a.md"], folder);
  expect(output.match(/no answer within|timed out|not decided/gi)).toHaveLength(3);
  expect(output.match(/^late /gm)).toHaveLength(1);
  expect(notes.match(/the server is slower than the suite waits, which is 600 ms for a call/g)).toHaveLength(1);
  expect(readFileSync(join(folder, "a.md"), "utf8")).toContain("slower than the suite waits");
});
