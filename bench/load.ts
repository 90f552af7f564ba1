import { Agent, request } from "node:http";

export interface Call {
  readonly url: string;
  readonly token: string;
  readonly body: string;
}

/** One POST over the agent's connections; resolves to the body. */
export function post({ url, token, body }: Call, agent: Agent): Promise<string> {
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
