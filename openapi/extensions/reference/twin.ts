// The reference for readers that take no HTML: docs.md has all of it, llms.txt says where things are (llmstxt.org).
import { type OpenApi, resolveDefinition } from "@clawgate/contract/generate";
import type { Sample } from "./samples.ts";

export interface TwinParts {
  readonly document: OpenApi;
  /** Further chapters, each from its heading of level 2 on. */
  readonly chapters: readonly string[];
}

export function toTwin({ document, chapters }: TwinParts): string {
  const { title, version, description } = document.info as Record<string, string>;
  return `# ${title} ${version}\n\n${description?.trim()}\n\n${listServed(document).join("\n\n")}\n\n${chapters.join("\n\n")}\n`;
}

function listServed(document: OpenApi): string[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, operation]) => operation.responses["200"] !== undefined)
      .map(([method, operation]) => {
        const { summary = "", description = "" } = operation as { summary?: string; description?: string };
        const samples = ((operation["x-codeSamples"] ?? []) as readonly Sample[]).filter(({ label }) =>
          label.startsWith("curl"),
        );
        const parameters = (operation.parameters ?? []).map((given) => {
          const shared = document.components["parameters"] as Record<string, typeof given> | undefined;
          const { $ref } = given as { $ref?: string };
          const {
            name,
            in: place,
            description: about = "",
          } = ($ref === undefined ? given : (shared?.[$ref.split("/").at(-1) ?? ""] ?? given)) as unknown as Record<
            string,
            string
          >;
          return `- \`${name}\` (${place}): ${about.trim().replaceAll(/\s+/g, " ")}`;
        });
        return [
          `## ${method.toUpperCase()} ${path}`,
          `${summary}.`,
          description.trim(),
          parameters.join("\n"),
          toFields(document, operation.requestBody?.content["application/json"]?.schema),
          ...samples.map(({ source }) => `\`\`\`sh\n${source}\n\`\`\``),
        ]
          .filter((part) => part !== "")
          .join("\n\n");
      }),
  );
}

function toFields(document: OpenApi, schema: Parameters<typeof resolveDefinition>[1] | undefined): string {
  const name = schema?.$ref?.split("/").at(-1);
  const properties = (name === undefined ? schema : document.components.schemas[name])?.properties ?? {};
  return Object.entries(properties)
    .map(([key, { description = "" }]) => `- \`${key}\`: ${description.trim().replaceAll(/\s+/g, " ")}`)
    .join("\n");
}

export function toLlms(document: OpenApi): string {
  const { title, summary } = document.info as Record<string, string>;
  return `# ${title}

> ${summary} Point any OpenAI client at \`/v1\`; \`model\` names an agent, not a model: \`openclaw\` is the default one.

## Reference

- [The whole reference as Markdown](docs.md): each call with its fields and a sample, streams event by event, errors, configuration, WebSocket
- [The contract](openapi.json): OpenAPI 3.1
- [The reference as a page](docs)

## Pages

- [Errors](docs/errors.html): every code with its cause and remedy, one page each: \`docs/errors/<code>.html\`
- [Streams](docs/streams.html): transcripts, with what each event means
- [Request fields](docs/fields.html): what becomes of each field of OpenAI's request
- [WebSocket](docs/websocket.html): the gateway protocol
- [Configuration](docs/configuration.html): every key, \`docs/configuration.html#<key>\`
- [Changes](docs/changes.html): the contract from version to version
`;
}
