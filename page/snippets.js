/**
 * How clients are pointed at this gateway. The token stands in none of them.
 *
 * @param {string} origin Of the gateway, without a slash at the end.
 * @param {string} agent
 * @returns {readonly { id: string, title: string, note: string, text: string }[]}
 */
export function listSnippets(origin, agent) {
  const baseUrl = `${origin}/v1`;
  const model = `openclaw/${agent}`;
  return [
    {
      id: "environment",
      title: "Environment",
      note: "For everything below, in the terminal; clawgate token prints the token.",
      text: `export OPENAI_BASE_URL=${baseUrl}\nexport OPENAI_API_KEY=$(clawgate token)`,
    },
    {
      id: "curl",
      title: "curl",
      note: "One streamed answer.",
      text: `curl -N ${baseUrl}/chat/completions \\
  -H "Authorization: Bearer $OPENAI_API_KEY" \\
  -H 'Content-Type: application/json' \\
  -d '{
    "model": "${model}",
    "stream": true,
    "messages": [{"role": "user", "content": "hi"}]
  }'`,
    },
    {
      id: "sdk-js",
      title: "OpenAI SDK, JavaScript",
      note: "npm install openai",
      text: `import OpenAI from "openai";

const client = new OpenAI({ baseURL: "${baseUrl}", apiKey: process.env.OPENAI_API_KEY });
const completion = await client.chat.completions.create({
  model: "${model}",
  user: "ada", // the session that the agent remembers
  messages: [{ role: "user", content: "hi" }],
});
console.log(completion.choices[0].message.content);`,
    },
    {
      id: "sdk-python",
      title: "OpenAI SDK, Python",
      note: "pip install openai",
      text: `import os
from openai import OpenAI

client = OpenAI(base_url="${baseUrl}", api_key=os.environ["OPENAI_API_KEY"])
completion = client.chat.completions.create(
    model="${model}",
    user="ada",  # the session that the agent remembers
    messages=[{"role": "user", "content": "hi"}],
)
print(completion.choices[0].message.content)`,
    },
    {
      id: "open-webui",
      title: "Open WebUI",
      note:
        "Or in its settings: Connections, OpenAI API. For one session per chat, list open-webui in " +
        "gateway.http.endpoints.chatCompletions.sessions.chatIdHeaders, and let Open WebUI forward its headers.",
      text: `OPENAI_API_BASE_URL=${baseUrl}
OPENAI_API_KEY=<token>
ENABLE_FORWARD_USER_INFO_HEADERS=true`,
    },
    {
      id: "langchain",
      title: "LangChain",
      note: "npm install @langchain/openai",
      text: `import { ChatOpenAI } from "@langchain/openai";

const model = new ChatOpenAI({
  model: "${model}",
  apiKey: process.env.OPENAI_API_KEY,
  configuration: { baseURL: "${baseUrl}" },
});
console.log((await model.invoke("hi")).text);`,
    },
    {
      id: "ai-sdk",
      title: "AI SDK",
      note: "npm install ai @ai-sdk/openai-compatible",
      text: `import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText } from "ai";

const clawgate = createOpenAICompatible({
  name: "clawgate",
  baseURL: "${baseUrl}",
  apiKey: process.env.OPENAI_API_KEY,
});
const { text } = await generateText({ model: clawgate("${model}"), prompt: "hi" });
console.log(text);`,
    },
    {
      id: "opencode",
      title: "opencode",
      note: "opencode.json",
      text: JSON.stringify(
        {
          $schema: "https://opencode.ai/config.json",
          provider: {
            clawgate: {
              npm: "@ai-sdk/openai-compatible",
              name: "clawgate",
              options: { baseURL: baseUrl, apiKey: "{env:OPENAI_API_KEY}" },
              models: { [model]: { name: `clawgate ${agent}` } },
            },
          },
        },
        null,
        2,
      ),
    },
  ];
}
