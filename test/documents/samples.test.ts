// Every sample of the reference is done as it stands, and every stream is told as it is shown.
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import type { OpenApi } from "@clawgate/contract/generate";
import { addSamples, type Sample } from "../../openapi/extensions/reference/samples.ts";
import type { Transcripts } from "../../openapi/extensions/reference/stream-page.ts";
import { testToken } from "../gateway.fixture.ts";
import { read } from "./pages.fixture.ts";
import { type Checkout, openCheckout, play } from "./shell.fixture.ts";

const document = JSON.parse(read("generated/openapi-3.2.json")) as OpenApi;
addSamples(document);
const samples = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).flatMap(([method, operation]) =>
    ((operation["x-codeSamples"] ?? []) as Sample[]).map((sample) => ({
      ...sample,
      name: `${method.toUpperCase()} ${path}, ${sample.label}`,
    })),
  ),
);

const python = process.env["PYTHON"] ?? "python3";
const hasPython = spawnSync(python, ["-c", "import openai"]).status === 0;
if (!hasPython) process.stderr.write("No Python with openai (PYTHON=…): the samples in Python are SKIPPED\n");

let checkout: Checkout;
beforeAll(async () => {
  checkout = await openCheckout();
  mkdirSync(join(checkout.folder, "samples"));
  return checkout.close;
});

const chat = (body: object, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${checkout.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${testToken}`, "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });

/** The session that the contract's examples name, and a detached run in the place of theirs. */
async function prepare(): Promise<string> {
  const messages = [{ role: "user", content: "hi" }];
  await (await chat({ model: "openclaw", user: "ada", messages })).text();
  const run = await chat({ model: "openclaw", messages, stream: true }, { "x-openclaw-detach": "true" });
  await run.text();
  return run.headers.get("x-openclaw-run-id") ?? "";
}

test("each operation that is served has a sample in curl and fetch, and under /v1 in each of the four", () => {
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const operation of Object.values(methods)) {
      if (operation.responses["200"] === undefined) continue;
      const labels = (operation["x-codeSamples"] as Sample[]).map(({ label }) => label);
      expect(labels).toEqual(
        expect.arrayContaining(path.startsWith("/v1/") ? ["curl", "SDK", "Python", "fetch"] : ["curl", "fetch"]),
      );
    }
  }
});

const programs = {
  shell: { program: "bash", file: "sample.sh" },
  javascript: { program: process.execPath, file: "sample.mjs" },
  python: { program: python, file: "sample.py" },
};

test.for(samples.filter(({ lang }) => lang !== "python" || hasPython))(
  "done: $name",
  async ({ lang, label, source }) => {
    const run = await prepare();
    const { program, file } = programs[lang as keyof typeof programs];
    const place = join(checkout.folder, "samples", file);
    const text = source.replaceAll("http://127.0.0.1:18789", checkout.url).replaceAll(/run_[0-9a-f]{36}/g, run);
    writeFileSync(place, lang === "shell" ? `set -euo pipefail\n${text}` : text);
    const { status, output, notes } = await play(checkout, program, [place]);
    expect(status, output + notes).toBe(0);
    expect(output.trim()).not.toBe("");
    expect(output).not.toMatch(/^\s*\{\s*"?error"?: ?\{/);
    if (label === "curl, streamed") expect(output).toContain("data: [DONE]");
  },
);

const transcripts = parse(read("openapi/transcripts.yaml")) as Transcripts;

test.for(Object.entries(transcripts))("the stream '%s' is as it is shown", async ([, { request, events }]) => {
  const plain = (text: string): string =>
    text.replaceAll(/(chatcmpl|call)-?_?[0-9a-f]{24}/g, "$1").replaceAll(/"created":\d+/g, '"created":0');
  const told = (await (await chat(request)).text())
    .split("\n\n")
    .filter((event) => event.startsWith("data: "))
    .map((event) => plain(event.slice("data: ".length)));
  expect(told).toEqual(events.map(({ data }) => plain(data)));
});
