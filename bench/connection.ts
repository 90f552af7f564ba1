import { connect as openSocket, type Socket } from "node:net";

export interface Started {
  /** Milliseconds until the first bytes of text. */
  readonly firstText: Promise<number>;
  readonly end: Promise<void>;
}

export interface Connection {
  /** Sends the bytes of one whole request; one at a time. */
  start(call: string): Started;
  close(): void;
}

const lastChunk = "0\r\n\r\n";

export function connect(url: string): Promise<Connection> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = openSocket({ host: hostname, port: Number(port), noDelay: true });
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      resolve(toConnection(socket));
    });
  });
}

function toConnection(socket: Socket): Connection {
  let onBytes: (bytes: Buffer) => void = () => {};
  let onFailure: (error: Error) => void = () => {};
  socket.on("data", (bytes) => onBytes(bytes));
  socket.on("error", (error) => onFailure(error));
  socket.on("close", () => onFailure(new Error("the connection was closed in the middle of an answer")));
  return {
    close: () => {
      onFailure = () => {};
      socket.destroy();
    },
    start(call) {
      const started = performance.now();
      const first = Promise.withResolvers<number>();
      const end = Promise.withResolvers<void>();
      // Who waits for the one need not wait for the other.
      first.promise.catch(() => {});
      end.promise.catch(() => {});
      onFailure = (error) => {
        first.reject(error);
        end.reject(error);
      };
      let spoken = false;
      const reader = createReader();
      onBytes = (bytes) => {
        const text = bytes.toString("latin1");
        if (!spoken && text.includes('"content":" ')) {
          spoken = true;
          first.resolve(performance.now() - started);
        }
        const state = reader(text);
        if (state === "failed") onFailure(new Error(text.slice(0, 300)));
        if (state === "ended") end.resolve();
      };
      socket.write(call);
      return { firstText: first.promise, end: end.promise };
    },
  };
}

const isOk = (head: string): boolean => head.startsWith("HTTP/1.1 200 ");

/** Follows one answer to its end: by its length, or to its last chunk, of which it looks only at the tail. */
export function createReader(isGood = isOk): (text: string) => "open" | "ended" | "failed" {
  let head = "";
  let missing: number | undefined;
  let tail = "";
  return (text) => {
    let body = text;
    if (missing === undefined) {
      head += text;
      const end = head.indexOf("\r\n\r\n");
      if (end < 0) return "open";
      if (!isGood(head)) return "failed";
      const length = /\r\ncontent-length: (\d+)/i.exec(head.slice(0, end))?.[1];
      missing = length === undefined ? Number.POSITIVE_INFINITY : Number(length);
      body = head.slice(end + 4);
    }
    missing -= body.length;
    tail = (tail + body).slice(-lastChunk.length);
    return missing <= 0 || (missing === Number.POSITIVE_INFINITY && tail === lastChunk) ? "ended" : "open";
  };
}
