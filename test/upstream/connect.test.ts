import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import tls, { type TlsOptions } from "node:tls";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { startTestGateway } from "../gateway.fixture.ts";
import { createAsk, modes, toConfig, upstreamKey } from "./upstream.fixture.ts";
import { startFaultServer, toAnswer } from "./servers/fault.fixture.ts";
import { elsewhere, localhost } from "./servers/tls.fixture.ts";

const connectMs = 400;

/** Both modes get 502 within the limit, and learn nothing of the address. */
async function assertUnreachable(baseUrl: string): Promise<void> {
  const gateway = await startTestGateway({ config: toConfig(baseUrl, { deadlines: { connectMs } }) });
  const ask = createAsk(gateway);
  for (const { stream } of modes) {
    const startedAt = performance.now();
    const { status, error } = await ask("Hi", stream);
    expect({ status, error }).toMatchObject({
      status: 502,
      error: { code: "upstream_error", message: "The model provider cannot be reached." },
    });
    // One more attempt where that may help; left to itself, the connection would take ten seconds each time.
    expect(performance.now() - startedAt).toBeLessThan(2 * connectMs + 8_000);
  }
  expect((await gateway.request("/healthz")).status).toBe(200);
}

async function startTls(options: TlsOptions): Promise<Awaited<ReturnType<typeof startFaultServer>>> {
  return startFaultServer((socket) => socket.write(toAnswer("good")), options);
}

/** As `NODE_EXTRA_CA_CERTS` does for a process. */
function trust(...certificates: readonly string[]): void {
  const before = tls.getCACertificates("default");
  tls.setDefaultCACertificates([...before, ...certificates]);
  onTestFinished(() => tls.setDefaultCACertificates(before));
}

describe("an upstream that cannot be reached", () => {
  it("because nothing listens is 502", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    await assertUnreachable(`http://127.0.0.1:${port}/v1`);
  });

  it("because its name does not exist is 502", async () => {
    await assertUnreachable("https://no-such-host.invalid/v1");
  });

  it("because it never shakes hands is 502 at the limit", async () => {
    const silent = createServer().listen(0, "127.0.0.1");
    await once(silent, "listening");
    onTestFinished(() => void silent.close());
    silent.on("connection", (socket) => socket.on("error", () => undefined).resume());
    await assertUnreachable(`https://127.0.0.1:${(silent.address() as AddressInfo).port}/v1`);
  });

  it("because it does not speak TLS is 502", async () => {
    const plain = createServer((socket) => socket.on("error", () => undefined).end("HTTP/1.1 400 Bad\r\n\r\n"));
    plain.listen(0, "127.0.0.1");
    await once(plain, "listening");
    onTestFinished(() => void plain.close());
    await assertUnreachable(`https://127.0.0.1:${(plain.address() as AddressInfo).port}/v1`);
  });
});

describe("an upstream with TLS", () => {
  it("whose certificate is trusted is answered from", async () => {
    trust(localhost.cert);
    const { baseUrl, calls } = await startTls(localhost);
    const gateway = await startTestGateway({ config: toConfig(baseUrl) });
    expect(await createAsk(gateway)("Hi", true)).toMatchObject({ text: "good", finishReason: "stop" });
    expect(calls[0]?.head).toContain(`authorization: Bearer ${upstreamKey}`);
  });

  it("whose certificate it has signed itself is refused, even where the environment would allow it", async () => {
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    onTestFinished(() => void vi.unstubAllEnvs());
    const { baseUrl, calls } = await startTls(localhost);
    await assertUnreachable(baseUrl);
    expect(calls).toEqual([]);
  });

  it("whose certificate is trusted for another name is refused", async () => {
    trust(elsewhere.cert);
    const { baseUrl, calls } = await startTls(elsewhere);
    await assertUnreachable(baseUrl);
    expect(calls).toEqual([]);
  });

  it.each(["TLSv1", "TLSv1.1"] as const)("that speaks %s and no later one is refused", async (version) => {
    trust(localhost.cert);
    // As a flag of the process may say.
    const before = tls.DEFAULT_MIN_VERSION;
    tls.DEFAULT_MIN_VERSION = "TLSv1";
    onTestFinished(() => {
      tls.DEFAULT_MIN_VERSION = before;
    });
    const old = { minVersion: version, maxVersion: version, ciphers: "DEFAULT@SECLEVEL=0" } as const;
    const { baseUrl, calls } = await startTls({ ...localhost, ...old });
    await assertUnreachable(baseUrl);
    expect(calls).toEqual([]);
  });
});
