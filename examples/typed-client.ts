// The client that is generated from the contract: one typed function for each call.
import { createChatCompletion, createClient, createConfig, listModels } from "../generated/client/index.ts";

// The contract's paths begin with /v1.
const baseUrl = (process.env["OPENAI_BASE_URL"] ?? "").replace(/\/v1$/, "");
const client = createClient(createConfig({ baseUrl, auth: process.env["OPENAI_API_KEY"] ?? "" }));

const { data: models } = await listModels({ client });
console.log(models?.data.map(({ id }) => id).join(" "));

const { data, error } = await createChatCompletion({
  client,
  body: { model: "openclaw/beta", messages: [{ role: "user", content: "What is 6 times 7?" }] },
});
console.log(error?.error.code ?? data?.choices[0]?.message.content);
