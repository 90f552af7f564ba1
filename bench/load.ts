import { Agent, request } from "node:http";

export interface Call {
  readonly url: string;
  readonly token: string;
  readonly body: string;
}

/** Milliseconds from the call of a stream to the first event with text. */
export async function measureFirstToken(call: Call, agent: Agent): Promise<number> {
  const started = performance.now();
  let first: number | undefined;
  await post(call, agent, (text) => {
    if (text.includes('"content":" ')) first ??= performance.now() - started;
  });
  if (first === undefined) throw new Error("the stream had no text");
  return first;
}

/** One POST over the agent's connections; resolves to the body. */
export function post({ url, token, body }: Call, agent: Agent, onText?: (text: string) => void): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request(
      `${url}/v1/chat/completions`,
      {
        method: "POST",
        agent,
        headers: {
          authorization: `Bearer ${token}`,
          "content-type": "application/json",
          "content-length": Buffer.byteLength(body),
        },
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (piece: string) => {
          text += piece;
          onText?.(piece);
        });
        response.on("end", () => {
          if (response.statusCode === 200) resolve(text);
          else reject(new Error(`${response.statusCode}: ${text.slice(0, 200)}`));
        });
      },
    );
    call.on("error", reject);
    call.end(body);
  });
}

/** Keeps `connections` calls under way until `count` have been answered. */
export async function run(call: Call, count: number, connections: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  let left = count;
  const worker = async (): Promise<void> => {
    while (left-- > 0) await post(call, agent);
  };
  await Promise.all(Array.from({ length: connections }, worker));
  agent.destroy();
}
