import OpenAI from "openai";
import { expect, test } from "vitest";
import { createPlace, run, startCommand, usual } from "../command.fixture.ts";
import { testToken } from "../gateway.fixture.ts";
import { connect } from "../socket/client.fixture.ts";

/** What the model was told, without its instructions, as it says so itself. */
const asked = "@@messages";

test("one session is driven in turn by the SDK, a socket and the command line, and each sees all turns once, in order", async () => {
  const token = { OPENCLAW_GATEWAY_TOKEN: testToken };
  const place = createPlace({ config: usual, environment: token });
  const gateway = await startCommand(place);
  const sdk = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: testToken, fetch: gateway.fetch });
  const socket = await connect(gateway);
  const sessionKey = "agent:main:openai-user:ada";
  const turns: string[] = [];

  const bySdk = async (content: string): Promise<string> => {
    const messages = [{ role: "user" as const, content }];
    const { choices } = await sdk.chat.completions.create({ model: "openclaw", user: "ada", messages });
    return choices[0]?.message.content ?? "";
  };
  const bySocket = async (message: string): Promise<string> => {
    const idempotencyKey = crypto.randomUUID();
    await socket.request("chat.send", { sessionKey, message, idempotencyKey });
    const end = await socket.ended(idempotencyKey);
    return end.state === "final" ? (end.message.content[0]?.text ?? "") : "";
  };
  const byCommand = async (message: string): Promise<string> => {
    const { output } = await run(place, ["agent", "--session-key", sessionKey, "-m", message]);
    return output.replace(/\n$/, "");
  };
  /** Says something through a door, then asks there what the model has been told. */
  const drive = async (name: string, say: (text: string) => Promise<string>): Promise<void> => {
    expect(await say(`@@echo ${name} was here.`)).toBe(`${name} was here.`);
    turns.push(`@@echo ${name} was here.`, `${name} was here.`);
    const heard = await say(asked);
    const told = (JSON.parse(heard) as { readonly content: string }[]).map(({ content }) => content);
    expect(told).toEqual([...turns, asked]);
    turns.push(asked, heard);
  };

  await drive("The SDK", bySdk);
  await drive("The socket", bySocket);
  await drive("The command", byCommand);
  await drive("The SDK again", bySdk);
  await drive("The command again", byCommand);
  await drive("The socket again", bySocket);
  const { messages } = await socket.request("chat.history", { sessionKey });
  expect(messages.map(({ content }) => content[0]?.text)).toEqual(turns);
});
