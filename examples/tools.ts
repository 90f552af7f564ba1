// A tool of the client: the agent asks for it, the SDK runs it and hands the result back, the agent answers.
import OpenAI from "openai";

const client = new OpenAI();

function getWeather({ city }: { city: string }) {
  console.log(`get_weather was called for ${city}`);
  return { city, temperature: 7, sky: "clear" };
}

const runner = client.chat.completions.runTools({
  model: "openclaw",
  messages: [{ role: "user", content: 'call get_weather with {"city": "Oslo"}' }],
  tools: [
    {
      type: "function",
      function: {
        name: "get_weather",
        description: "The weather in a city.",
        parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
        function: getWeather,
        parse: (text: string) => JSON.parse(text) as { city: string },
      },
    },
  ],
});

console.log(await runner.finalContent());
