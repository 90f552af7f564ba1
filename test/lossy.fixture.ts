import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { onEnd } from "./end.fixture.ts";

/**
 * How an answer gets lost: at its first byte; when all of it has come, of which the client sees nothing; or while there is
 * none yet, and the gateway hears nothing of it.
 */
export type Loss = "at its first byte" | "when it is whole" | "unseen, before it comes";

export interface LossyProxy {
  readonly port: number;
  /** Answers that were lost. */
  readonly lost: number;
}

/** A proxy on loopback that loses the first so many answers of one gateway, and hands on everything else. */
export async function startLossyProxy(to: number, loss: Loss, times = 1): Promise<LossyProxy> {
  let left = times;
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(to, "127.0.0.1");
    for (const socket of [client, upstream]) {
      open.add(socket.on("close", () => void open.delete(socket)).on("error", () => undefined));
    }
    client.pipe(upstream);
    if (left === 0) {
      upstream.pipe(client);
      return;
    }
    left -= 1;
    lose(client, upstream, loss);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onEnd(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return {
    port: (server.address() as AddressInfo).port,
    get lost() {
      return times - left;
    },
  };
}

function lose(client: Socket, upstream: Socket, loss: Loss): void {
  const reset = (): void => {
    client.resetAndDestroy();
    if (loss !== "unseen, before it comes") upstream.resetAndDestroy();
  };
  if (loss === "unseen, before it comes") client.on("data", (piece) => void (isEnd(piece) && setImmediate(reset)));
  let answer = "";
  upstream.setEncoding("latin1").on("data", (piece: string) => {
    answer += piece;
    if (loss === "at its first byte" || (loss === "when it is whole" && isWhole(answer))) reset();
  });
}

/** A request's JSON ends so; nothing else that an SDK sends does. */
function isEnd(piece: Buffer): boolean {
  return piece.at(-1) === "}".charCodeAt(0);
}

function isWhole(answer: string): boolean {
  return answer.includes("data: [DONE]") || /"finish_reason":"\w+"/.test(answer);
}
