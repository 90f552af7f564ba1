// The answer while it is being written, and what it cost. Leaving the loop early cancels the run.
import OpenAI from "openai";

const client = new OpenAI();

const stream = await client.chat.completions.create({
  model: "openclaw",
  messages: [{ role: "user", content: "Say: a gateway takes calls and hands them to agents." }],
  stream: true,
  stream_options: { include_usage: true },
});

for await (const { choices, usage } of stream) {
  process.stdout.write(choices[0]?.delta.content ?? "");
  // The last chunk has no choices, only the usage that was asked for.
  if (usage) process.stdout.write(`\n${usage.completion_tokens} tokens\n`);
}
