import { type Row, startGateway, startServer, stopAll } from "../context.ts";
import { toCall, token } from "../load.ts";
import { measureRequests } from "../rounds.ts";

/** A conversation with tools, as an SDK client sends it. */
function toTypicalBody(bytes: number): string {
  const tools = ["get_weather", "search_notes", "send_mail"].map((name) => ({
    type: "function",
    function: {
      name,
      description: "A tool.",
      parameters: { type: "object", properties: { text: { type: "string" } } },
    },
  }));
  const history = ["first", "second", "third", "fourth", "fifth", "sixth"].flatMap((word) => [
    { role: "user", content: [{ type: "text", text: `The ${word} question.` }] },
    { role: "assistant", content: `The ${word} answer.` },
  ]);
  const last = { role: "user", content: "Go on." };
  const toBody = (padding: string): string =>
    JSON.stringify({
      model: "openclaw",
      messages: [{ role: "system", content: padding }, ...history, last],
      tools,
      temperature: 0.5,
    });
  const words = "The agent answers briefly and says what it does not know. ";
  const missing = bytes - toBody("").length;
  return toBody(words.repeat(Math.ceil(missing / words.length)).slice(0, missing));
}

/** A stateless request of 6 KB to the embedded model, beside a bare server that parses and answers the same bytes. */
export const benchRequest: Row = async (context) => {
  const body = toTypicalBody(6144);
  const gateways = await Promise.all(context.candidates.map((candidate) => startGateway(context, candidate)));
  const answer = await fetch(`${gateways[0]?.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body,
  });
  const bare = await startServer("bare", await answer.text());
  const calls = [toCall(body)];
  try {
    return await measureRequests(context, {
      row: "request",
      targets: [{ subject: bare, calls }, ...gateways.map((subject) => ({ subject, calls }))],
      aim: "≤ 3.3 (aim 2.7)",
    });
  } finally {
    await stopAll([...gateways, bare]);
  }
};
