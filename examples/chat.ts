// One question, one answer. The SDK reads OPENAI_BASE_URL and OPENAI_API_KEY from the environment by itself.
import OpenAI from "openai";

const client = new OpenAI();

const completion = await client.chat.completions.create({
  model: "openclaw",
  messages: [{ role: "user", content: "What is 6 times 7?" }],
});

console.log(completion.choices[0]?.message.content);
