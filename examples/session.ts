// Calls with the same `user` share a session: the second call sends one message and is still understood.
import OpenAI from "openai";

const client = new OpenAI();

async function ask(content: string, user?: string): Promise<void> {
  const { data, response } = await client.chat.completions
    .create({ model: "openclaw", messages: [{ role: "user", content }], ...(user === undefined ? {} : { user }) })
    .withResponse();
  // A call without `user` gets a new key each time, and nothing of it is kept.
  const key = response.headers.get("x-openclaw-session-key")?.replace(/[0-9a-f-]{36}$/, "…");
  console.log(`${key}: ${data.choices[0]?.message.content}`);
}

await ask("My name is Ada.", "ada");
await ask("What is my name?", "ada");
await ask("What is my name?");
