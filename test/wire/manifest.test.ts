import { runConformance } from "@clawgate/conformance";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startTestGateway, type TestGateway, testToken } from "../gateway.fixture.ts";

const path = "/.well-known/openai-compatible.json";
const all = ["auth", "models", "tools", "schema", "usage", "limits", "websocket"];

interface Judged {
  readonly capabilities: Readonly<Record<string, { present: boolean; claimed?: boolean }>>;
  readonly results: readonly { readonly id: string; readonly verdict: string }[];
}

/** What the suite makes of the claims of a gateway: those that it has found to be there, and those that fail. */
async function judge({ baseUrl }: TestGateway, profile: string): Promise<{ met: string[]; failed: string[] }> {
  const folder = mkdtempSync(join(tmpdir(), "clawgate-manifest-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const words = [
    "--base-url",
    baseUrl,
    "--model",
    "openclaw",
    "--profile",
    profile,
    "--only",
    "ROUTE-01",
    "--sdk",
    "7",
  ];
  await runConformance(
    {
      environment: { OPENAI_API_KEY: testToken },
      cwd: folder,
      interactive: false,
      paint: { print: (_shade, text) => text, note: (_shade, text) => text },
      print: () => undefined,
      write: () => undefined,
      note: () => undefined,
      fail: () => undefined,
    },
    [...words, "--report", "json=a.json"],
  );
  const { results } = JSON.parse(readFileSync(join(folder, "a.json"), "utf8")) as Judged;
  const claims = results.filter(({ id }) => id.startsWith("CAP-"));
  const of = (verdict: string): string[] =>
    claims.filter((one) => one.verdict === verdict).map(({ id }) => id.slice("CAP-".length).toLowerCase());
  return { met: of("pass"), failed: of("fail") };
}

test.for<[what: string, config: object, claims: readonly string[]]>([
  ["as it is delivered", {}, all],
  ["whose sockets are off", { gateway: { websocket: { enabled: false } } }, all.filter((one) => one !== "websocket")],
  ["that wants no key", { gateway: { auth: { mode: "none" } } }, all.filter((one) => one !== "auth")],
  [
    "that takes bodies of any size",
    { gateway: { http: { bodyBytesMax: 1024 ** 3 } } },
    all.filter((one) => one !== "limits"),
  ],
])("a gateway %s claims what the suite then finds, and nothing else", async ([, config, claims]) => {
  const gateway = await startTestGateway({ config });
  const answer = await fetch(`${gateway.url}${path}`);
  expect([answer.status, await answer.json()]).toEqual([200, { manifest: 1, claims }]);
  expect(await judge(gateway, "gateway")).toEqual({ met: [...claims], failed: [] });
});

test("a gateway that serves no chat claims none", async () => {
  const config = { gateway: { http: { endpoints: { chatCompletions: { enabled: false } } } } };
  const { url } = await startTestGateway({ config });
  expect(await (await fetch(`${url}${path}`)).json()).toEqual({ manifest: 1, claims: ["auth", "websocket"] });
});

test("what is claimed changes with the configuration", async () => {
  const gateway = await startTestGateway();
  await gateway.reload({ gateway: { websocket: { enabled: false } } });
  const { claims } = (await (await fetch(`${gateway.url}${path}`)).json()) as { claims: string[] };
  expect(claims).not.toContain("websocket");
});
