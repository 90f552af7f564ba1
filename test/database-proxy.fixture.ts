import { mkdtempSync, rmSync } from "node:fs";
import { createConnection, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onEnd } from "./end.fixture.ts";

export interface DatabaseProxy {
  readonly url: string;
  /** Cuts every connection. */
  readonly cut: () => void;
  /** Cuts every connection, and each that comes, until `mend`. */
  readonly refuse: () => void;
  /** Lets nothing through, either way, until `mend`. */
  readonly stall: () => void;
  readonly mend: () => void;
  /** Keeps what comes, either way, until `release` sends it on in its order. */
  readonly hold: () => void;
  readonly release: () => void;
  /** Whether something with this in it is kept. */
  readonly keeps: (part: string) => boolean;
  /** How often something was sent on a connection before what came before it was answered. */
  readonly countEarly: () => number;
  /** The next statement with this in it reaches the server, and its connection is cut before the answer is back. */
  readonly loseAnswerOf: (part: string) => void;
}

/** The ends of a statement and of an answer: `Sync` and `ReadyForQuery`. */
const sync = Buffer.from([0x53, 0, 0, 0, 4]);
const ready = Buffer.from([0x5a, 0, 0, 0, 5]);

/** A socket between a store and its server, for what networks do. */
export async function startDatabaseProxy(serverUrl: string): Promise<DatabaseProxy> {
  const server = new URL(serverUrl);
  const behind = join(server.searchParams.get("host") ?? "", ".s.PGSQL.5432");
  const folder = mkdtempSync(join(tmpdir(), "pgx-"));
  const pairs = new Set<readonly [Socket, Socket]>();
  let [isRefusing, isStalled] = [false, false];
  let lost: string | undefined;
  let early = 0;
  let kept: { readonly bytes: Buffer; readonly send: () => void }[] | undefined;

  const pass = (to: Socket, bytes: Buffer): void => {
    if (kept === undefined) to.write(bytes);
    else kept.push({ bytes, send: () => to.write(bytes) });
  };
  const end = (pair: readonly Socket[]): void => pair.forEach((socket) => socket.destroy());
  // Of a network that is gone nobody hears an end either.
  const listener = createServer({ allowHalfOpen: true }, (client) => {
    if (isRefusing) return void client.destroy();
    const upstream = createConnection(behind);
    const pair = [client, upstream] as const;
    pairs.add(pair);
    let [isLost, isAnswered] = [false, true];
    client.on("data", (bytes) => {
      if (isStalled) return;
      // What is sent in one turn comes together.
      if (!isAnswered || bytes.indexOf(sync) !== bytes.lastIndexOf(sync)) early += 1;
      isAnswered = false;
      if (lost !== undefined && bytes.includes(lost)) [isLost, lost] = [true, undefined];
      pass(upstream, bytes);
    });
    upstream.on("data", (bytes) => {
      if (isStalled) return;
      // The server has done what it was asked when it answers.
      if (isLost) return end(pair);
      isAnswered = bytes.subarray(-6, -1).equals(ready);
      pass(client, bytes);
    });
    client.on("end", () => {
      if (!isStalled) end(pair);
    });
    for (const socket of pair) {
      socket.on("error", () => end(pair));
      socket.on("close", () => {
        pairs.delete(pair);
        end(pair);
      });
    }
  });
  await new Promise<void>((resolve) => listener.listen(join(folder, ".s.PGSQL.5432"), resolve));
  const cut = (): void => pairs.forEach(end);
  onEnd(() => {
    cut();
    listener.close();
    rmSync(folder, { recursive: true, force: true });
  });
  server.searchParams.set("host", folder);
  return {
    url: server.href,
    cut,
    refuse() {
      isRefusing = true;
      cut();
    },
    stall: () => void (isStalled = true),
    mend: () => void ([isRefusing, isStalled] = [false, false]),
    hold: () => void (kept = []),
    release() {
      const sent = kept;
      kept = undefined;
      for (const { send } of sent ?? []) send();
    },
    keeps: (part) => kept?.some(({ bytes }) => bytes.includes(part)) === true,
    countEarly: () => early,
    loseAnswerOf: (part) => void (lost = part),
  };
}
