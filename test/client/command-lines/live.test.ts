import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { testToken } from "../../gateway.fixture.ts";
import { note } from "./coder.fixture.ts";
import { type CommandLine, commandLines, isAside } from "./command-lines.fixture.ts";
import { startForClient } from "./gateway.fixture.ts";
import { answerPrompt, createHome, findProgram, install } from "./program.fixture.ts";
import { startRecorder } from "./recorder.fixture.ts";
import { writeRecording } from "./recording.fixture.ts";

// Each client as npm has it, in a home of its own, with nobody at the keyboard and leave to do what its model asks for.
// `npm run test:clients` gets all of them; the others run what is installed, and recorded.test.ts what all of them sent.

const mayInstall = process.env["CLIENTS"] === "install";
const mayRecord = process.env["CLIENTS_RECORD"] === "1";

const clients = Object.entries<CommandLine>(commandLines).filter(
  ([, client]) => mayInstall || findProgram(client) !== undefined,
);

test.runIf(clients.length === 0)("no client is installed here: npm run test:clients gets them", ({ skip }) => skip());

describe.each(clients)("%s", (name, client) => {
  beforeAll(async () => {
    if (findProgram(client) === undefined) await install(client);
  }, 600_000);

  async function ask(prompt: (project: string) => string, model: string) {
    const { gateway, upstream } = await startForClient(client);
    const { baseUrl, exchanges } = await startRecorder(gateway.url);
    const home = createHome();
    const ran = await answerPrompt(client, home, prompt(home.project), { baseUrl, apiKey: testToken, model });
    expect(exchanges.map(({ method, path, status }) => `${method} ${path} ${status}`)).toEqual(
      exchanges.map(() => "POST /v1/chat/completions 200"),
    );
    const asked = exchanges.filter((exchange) => !isAside(client, exchange.body));
    return { ran, asked, exchanges, upstream, home };
  }

  test("gets its answer of the built-in assistant, and nothing else is asked or done", async () => {
    const { ran, asked, exchanges, home } = await ask(() => "What is 6 times 7?", "openclaw");
    expect(ran.output).toContain("6 times 7 = 42");
    expect(asked).toHaveLength(1);
    expect(exchanges.filter(({ answer }) => answer.includes('"tool_calls"'))).toEqual([]);
    if (mayRecord) writeRecording(name, client.package, "question", exchanges, home);
  }, 300_000);

  test("does a task with its own tools", async () => {
    const prompt = (project: string): string => `Write the note into ${project}/note.txt, then show it.`;
    const { ran, asked, exchanges, home } = await ask(prompt, "openclaw/coder");
    expect(readFileSync(join(home.project, "note.txt"), "utf8")).toBe(`${note}\n`);
    expect(ran.output).toContain(`The note says: ${note}.`);
    expect(asked).toHaveLength(3);
    if (mayRecord) writeRecording(name, client.package, "task", exchanges, home);
  }, 300_000);
});
