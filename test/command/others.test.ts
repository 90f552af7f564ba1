import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { testToken } from "../gateway.fixture.ts";
import { createPlace, run, startCommand, usual } from "../command.fixture.ts";

describe("`docs`", () => {
  test("writes pages that need no gateway, where it is told to", async () => {
    const place = createPlace();
    const { status, output } = await run(place, ["docs", "--out", "a/b"]);
    const folder = join(place.folder, "a/b");
    expect({ status, output }).toEqual({ status: 0, output: `${join(folder, "index.html")}\n` });
    const names = ["config.md", "docs", "docs.js", "docs.md", "errors.md", "index.html", "llms.txt"];
    const contract = ["openapi-3.2.json", "openapi.json", "request-fields.md"];
    expect(readdirSync(folder).toSorted()).toEqual([...names, ...contract].toSorted());
    for (const name of names) expect(statSync(join(folder, name)).size, name).toBeGreaterThan(500);
    expect(JSON.parse(readFileSync(join(folder, "openapi.json"), "utf8"))).toHaveProperty("paths./v1/chat/completions");
  });

  test("writes pages whose links lead to each other, and whose policy lets nothing leave them", async () => {
    const place = createPlace();
    await run(place, ["docs", "--out", "site"]);
    const folder = join(place.folder, "site");
    const files = new Set(readdirSync(folder, { recursive: true, encoding: "utf8" }));
    const pages = [...files].filter((name) => name.endsWith(".html"));
    expect(pages.length).toBeGreaterThan(60);
    for (const name of pages) {
      const text = readFileSync(join(folder, name), "utf8");
      const policy = /http-equiv="content-security-policy" content="([^"]*)"/.exec(text)?.[1];
      expect(policy, name).toMatch(/^default-src 'none'; /);
      expect(policy).not.toMatch(/https?:|connect-src 'self'|script-src[^;]*(?:'self'|unsafe)/);
      // What stands in the contract's own examples is text.
      const marked = text.replaceAll(/<script[^]*?<\/script>/g, "");
      for (const [, link = ""] of marked.matchAll(/(?:href|src)="(?!data:|#)([^"#]+)/g)) {
        expect([name, join(name, "..", link)]).toEqual([name, expect.toSatisfy((path: string) => files.has(path))]);
      }
    }
  });

  test.skipIf(process.platform !== "linux")("says so where the system makes no folders", async () => {
    const { status, notes } = await run(createPlace(), ["docs", "--out", "/proc/clawgate/docs"]);
    expect({ status, notes }).toEqual({
      status: 2,
      notes:
        "clawgate: Cannot write /proc/clawgate/docs: no folder can be made in /proc. See the place, or name another folder with --out.\n",
    });
  });

  test("where it cannot write ends with a sentence instead of a stack", async () => {
    const place = createPlace();
    writeFileSync(join(place.folder, "taken"), "");
    const { status, notes } = await run(place, ["docs", "--out", "taken/docs"]);
    expect(status).not.toBe(0);
    expect(notes).toMatch(/taken/);
    expect(notes).not.toContain("    at ");
  });
});

describe("`doctor`", () => {
  test("says what would answer, and that the gateway does", async () => {
    const place = createPlace({ config: usual, environment: { OPENCLAW_GATEWAY_TOKEN: testToken } });
    const gateway = await startCommand(place);
    const environment = { ...place.environment, OPENCLAW_GATEWAY_PORT: new URL(gateway.url).port };
    const { status, output } = await run({ ...place, environment }, ["doctor"]);
    expect(status).toBe(0);
    expect(output).toMatch(/^ok {4}endpoint .*enabled$/m);
    expect(output).toMatch(/^ok {4}agent main .*embedded\/assistant.*answers to `openclaw`$/m);
    expect(output).toMatch(/^ok {4}agent beta .*embedded\/assistant/m);
    expect(output).toMatch(new RegExp(`^ok {4}port .*a gateway answers at ${gateway.url}/healthz$`, "m"));
    expect(output).not.toMatch(/FAIL/);
    expect(output).not.toContain(testToken);
  });

  const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ address }) => address === "::1"),
  );
  test.runIf(hasIpv6)("finds a gateway on IPv6 too", async () => {
    const config = { ...usual, gateway: { ...usual.gateway, bind: "::1" } };
    const place = createPlace({ config, environment: { OPENCLAW_GATEWAY_TOKEN: testToken } });
    const { url } = await startCommand(place);
    const environment = { ...place.environment, OPENCLAW_GATEWAY_PORT: new URL(url).port };
    const { output } = await run({ ...place, environment }, ["doctor"]);
    expect(output).toMatch(/a gateway answers/);
  });

  test("says that the endpoint is disabled, and which switch turns it on", async () => {
    const place = createPlace({ environment: { OPENCLAW_GATEWAY_PORT: "0" } });
    const { status, output } = await run(place, ["doctor"]);
    expect(status).toBe(1);
    expect(output).toMatch(/^FAIL {2}endpoint .*`clawgate init`.*gateway\.http\.endpoints\.chatCompletions\.enabled/m);
  });

  test("says that the sessions cannot be read, beside all that is well", async () => {
    const place = createPlace({ config: usual, environment: { OPENCLAW_GATEWAY_TOKEN: testToken } });
    mkdirSync(join(place.stateFolder, "sessions.sqlite"), { recursive: true });
    const { status, output } = await run(place, ["doctor"]);
    expect(status).toBe(1);
    expect(output).toMatch(/^FAIL {2}sessions /m);
    expect(output).toMatch(/^ok {4}credential /m);
  });

  test("ends with status 1 when something else answers at the port", async () => {
    const other = createServer((_, response) => void response.writeHead(404).end()).listen(0, "127.0.0.1");
    onTestFinished(() => void other.close());
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    const place = createPlace({ config: usual, environment: { OPENCLAW_GATEWAY_PORT: String(port) } });
    const { status, output } = await run(place, ["doctor"]);
    expect(status).toBe(1);
    expect(output).toMatch(
      new RegExp(`^FAIL {2}port .* port ${port} .*: something else listens there\\. .*--port ${port + 1}$`, "m"),
    );
  });
});

describe("the command line", () => {
  const commands = ["gateway", "reload", "agent", "token", "config", "doctor", "docs", "conformance"];

  test("has help for itself and for every command, with status 0", async () => {
    const place = createPlace();
    const own = await run(place, ["--help"]);
    expect(own).toMatchObject({ status: 0, notes: "" });
    for (const command of commands) expect(own.output).toMatch(new RegExp(`^  ${command} `, "m"));
    const helps = await Promise.all(commands.map((command) => run(place, [command, "--help"])));
    for (const [index, { status, output }] of helps.entries()) {
      expect(status).toBe(0);
      expect(output).toMatch(new RegExp(`^Usage: clawgate ${commands[index]} `));
    }
    // The suite's own, and not that of the command that loads it.
    expect(helps.at(-1)?.output).toContain("--base-url <url>");
    expect((await run(place, ["conformance", "list", "--help"])).output).toMatch(
      /^Usage: clawgate conformance list [^]*obeys --profile, --only, --skip\.\n$/,
    );
  });

  const mistakes: readonly { readonly args: readonly string[]; readonly says: RegExp }[] = [
    { args: [], says: /Usage: clawgate/ },
    { args: ["gatewya"], says: /unknown command 'gatewya'/ },
    { args: ["token", "--bogus"], says: /unknown option '--bogus'/ },
    { args: ["agent"], says: /--message/ },
    { args: ["agent", "-m"], says: /argument missing/ },
    { args: ["gateway", "now"], says: /too many arguments/ },
    { args: ["docs", "--out", ""], says: /It must name a folder/ },
  ];
  test("ends with status 2 for what it does not understand, and prints nothing", async () => {
    const place = createPlace();
    const ends = await Promise.all(mistakes.map(({ args }) => run(place, args)));
    for (const [index, { args, says }] of mistakes.entries()) {
      const { status, output, notes } = ends[index] ?? {};
      expect({ args, status, output }).toEqual({ args, status: 2, output: "" });
      expect(notes).toMatch(says);
    }
  });
});
