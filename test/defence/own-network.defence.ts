import { spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { openOwnNetwork } from "../../tools/history/own-network.ts";

/** Says "." all the time, and "!" to all that it hears. */
const machine = `
  const socket = require("node:net").connect(Number(process.argv[1]), process.argv[2]);
  socket.on("data", () => socket.write("!"));
  setInterval(() => socket.write("."), 20);`;

/** What is said by the time that a packet needs many times over. */
const aWhileMs = 500;

test.skipIf(process.platform !== "linux" || process.getuid?.() !== 0)(
  "a network of its own loses what it is told to, and what was lost comes when it is whole again",
  async () => {
    const network = await openOwnNetwork(7);
    if (network === undefined) throw new Error("root has no network namespaces here (apt-get install iproute2)");
    onTestFinished(() => network.close());
    const server = createServer().listen(0, network.host);
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const [program, ...args] = [...network.enter, process.execPath, "-e", machine, String(port), network.host];
    const child = spawn(program, args, { stdio: "ignore" });
    onTestFinished(() => void child.kill("SIGKILL"));

    const [socket] = (await once(server, "connection")) as [Socket];
    let said = "";
    socket.setEncoding("utf8").on("data", (text: string) => (said += text));
    socket.on("error", () => undefined);
    await expect.poll(() => said).toContain(".");
    socket.write("?");
    await expect.poll(() => said).toContain("!");

    network.lose("what comes");
    said = "";
    socket.write("?");
    await expect.poll(() => said).toContain(".");
    await delay(aWhileMs);
    expect(said).not.toContain("!");

    network.lose("everything");
    // What was on its way.
    await delay(aWhileMs);
    said = "";
    await delay(aWhileMs);
    expect(said).toBe("");

    network.restore();
    await expect.poll(() => said).toContain("!");
    socket.destroy();
  },
);
