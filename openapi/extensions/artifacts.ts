import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createClient } from "@hey-api/openapi-ts";
import { type Files, type OpenApi, readFiles } from "@clawgate/contract/generate";

/** The typed `fetch` client for the JSON calls. Streams are left out: its reader would start a run again on failure. */
export async function toClient(document: OpenApi, scratch: string, banner: string): Promise<Files> {
  const input = join(scratch, "client.json");
  const output = join(scratch, "client");
  writeFileSync(input, JSON.stringify(withoutStreams(document)));
  await createClient({
    input,
    output: { path: output, module: { extension: ".ts" } },
    logs: { level: "silent" },
    plugins: ["@hey-api/client-fetch", "@hey-api/typescript", "@hey-api/sdk"],
  });
  const files = readFiles(output);
  // Without these, nobody outside could say where the gateway is.
  files["index.ts"] +=
    `export { client } from './client.gen.ts';\nexport { createClient, createConfig } from './client/index.ts';\n`;
  return Object.fromEntries(Object.entries(files).map(([name, text]) => [`client/${name}`, `// ${banner}\n${text}`]));
}

function withoutStreams(document: OpenApi): OpenApi {
  const copy = structuredClone(document);
  for (const methods of Object.values(copy.paths)) {
    for (const operation of Object.values(methods)) {
      for (const response of Object.values(operation.responses)) delete response.content?.["text/event-stream"];
    }
  }
  return copy;
}
