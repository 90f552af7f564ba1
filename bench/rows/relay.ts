import { type Row, startGateway, startServer, stopAll } from "../context.ts";
import { toCall } from "../load.ts";
import { measureRequests } from "../rounds.ts";

const toCalls = (model: string): string[] => [
  toCall(JSON.stringify({ model, messages: [{ role: "user", content: "Go on." }] })),
];

/** A whole answer of a model server behind `openai-completions`, beside a byte pipe to the same server. */
export const benchRelay: Row = async (context) => {
  const upstream = await startServer("upstream");
  const pipe = await startServer("pipe", upstream.url);
  const options = { upstream, models: ["whole"] };
  const gateways = await Promise.all(context.candidates.map((candidate) => startGateway(context, candidate, options)));
  try {
    return await measureRequests(context, {
      row: "relay",
      targets: [
        { subject: pipe, calls: toCalls("whole") },
        ...gateways.map((subject) => ({ subject, calls: toCalls("openclaw/whole") })),
      ],
      aim: "≤ 2.5 (aim 2)",
    });
  } finally {
    await stopAll([...gateways, pipe, upstream]);
  }
};
