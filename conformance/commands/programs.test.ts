import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { listen } from "../test/listen.fixture.ts";
import { createFolder, key, runCommand, runProgram } from "./commands.fixture.ts";

test.concurrent("prove runs the named client on the fault, where it breaks", async () => {
  const { status, output } = await runProgram(["prove", "ss-11", "TOOL-10", "WS-32"], createFolder());
  expect(output).toMatch(/^breaks {4}SS-11: openai@/m);
  expect(output).toMatch(/^breaks {4}TOOL-10: openai@/m);
  expect(output).toMatch(/^breaks {4}WS-32: openclaw-node@/m);
  expect(output).toMatch(/^ {2}broken throws /m);
  expect(status).toBe(0);
});

// Alone: its server is judged by what comes in time.
test("what repro prints of bytes that no client says sends the same bytes from a shell", async () => {
  const seen: string[] = [];
  const url = await listen((request, response) => {
    let body = "";
    request.setEncoding("latin1").on("data", (piece: string) => (body += piece));
    request.on("end", () => {
      if (request.headers["transfer-encoding"] === "chunked") seen.push(`${request.headers.authorization} ${body}`);
      response.writeHead(500, { connection: "close" }).end("no");
    });
  });
  const { output } = await runCommand(["repro", "ROB-04", "--base-url", url, "--model", "m"]);
  expect(output).toContain("bash -c 'exec 3<>/dev/tcp/127.0.0.1/");
  const { stdout } = await promisify(execFile)("sh", ["-c", output], { env: { ...process.env, OPENAI_API_KEY: key } });
  expect(stdout).toMatch(/^HTTP\/1\.1 500 /);
  expect(seen).toHaveLength(2);
  expect(seen[0]).toContain(`Bearer ${key} {"model":"m"`);
  expect(seen[1]).toBe(seen[0]);
});
