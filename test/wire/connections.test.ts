import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { onEnd } from "../end.fixture.ts";
import { startTestGateway, type TestGateway } from "../gateway.fixture.ts";
import { exchange, openSocket, toRequest } from "./socket.fixture.ts";

const life = toRequest({ method: "GET", path: "/healthz", headers: { authorization: null } });

async function readMetric({ gateway }: TestGateway, name: string): Promise<number | undefined> {
  const line = (await gateway.metrics.toText()).split("\n").find((text) => text.startsWith(`${name} `));
  return line === undefined ? undefined : Number(line.slice(name.length));
}

/** Resolves once the gateway has closed it, or has answered on it. */
async function tryFrom(port: number, localAddress: string): Promise<"closed" | "served"> {
  const socket = connect({ port, host: "127.0.0.1", localAddress });
  onEnd(() => void socket.destroy());
  return outcome(socket);
}

async function outcome(socket: Socket): Promise<"closed" | "served"> {
  socket.on("error", () => undefined).write(life);
  return Promise.race([
    once(socket, "close").then(() => "closed" as const),
    once(socket, "data").then(() => "served" as const),
  ]);
}

describe("beyond the connections that there may be", () => {
  test("one more is closed, and those that are there are served", async () => {
    const gateway = await startTestGateway({ config: { gateway: { limits: { connections: 3 } } } });
    const wires = await Promise.all([1, 2, 3].map(() => openSocket(gateway.port)));
    for (const wire of wires) {
      wire.send(life);
      expect((await wire.read()).status).toBe(200);
    }
    expect(await readMetric(gateway, "clawgate_connections_open")).toBe(3);
    expect(await tryFrom(gateway.port, "127.0.0.1")).toBe("closed");
    expect(await tryFrom(gateway.port, "127.0.0.1")).toBe("closed");
    for (const wire of wires) {
      wire.send(toRequest());
      expect((await wire.read()).status).toBe(200);
    }
    expect(await readMetric(gateway, 'clawgate_connections_refused_total{reason="connections"}')).toBe(2);
    expect(gateway.log.filter(({ msg }) => msg === "too many connections")).toHaveLength(1);

    wires[0]?.socket.destroy();
    await expect.poll(() => tryFrom(gateway.port, "127.0.0.1")).toBe("served");
  });

  test("one address more is closed, and other addresses are served", async () => {
    const gateway = await startTestGateway({ config: { gateway: { limits: { connectionsPerAddress: 2 } } } });
    const from = (address: string): Promise<"closed" | "served"> => tryFrom(gateway.port, address);
    expect([await from("127.0.0.5"), await from("127.0.0.5"), await from("127.0.0.5")]).toEqual([
      "served",
      "served",
      "closed",
    ]);
    expect(await from("127.0.0.6")).toBe("served");
    expect(await readMetric(gateway, 'clawgate_connections_refused_total{reason="connections_per_address"}')).toBe(1);
    expect((await exchange(gateway.port, life)).status).toBe(200);
  });

  test("a proxy of the configuration, which many come through, has no limit of its own", async () => {
    const gateway = await startTestGateway({
      config: { gateway: { limits: { connectionsPerAddress: 1 }, trustedProxies: ["127.0.0.9"] } },
    });
    for (let count = 0; count < 3; count++) expect(await tryFrom(gateway.port, "127.0.0.9")).toBe("served");
    expect([await tryFrom(gateway.port, "127.0.0.5"), await tryFrom(gateway.port, "127.0.0.5")]).toContain("closed");
  });
});
