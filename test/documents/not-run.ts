/** Fences, or whole pages, that are not done by fences.test.ts, by page and first line, and why not. */
export const notRun: Readonly<Record<string, string>> = {
  "CONTRIBUTING.md": "all checks and the tests themselves; the tree of folders",
  "conformance/README.md":
    "conformance/docs.test.ts parses each command and asks for every name in it; a run takes a minute",
  "contract/README.md": "parts of programs; contract/test/store is a whole one, which the tests of the contract run",
  "README.md: OPENAI_API_KEY=… npx clawgate conformance --base-url http://127.0.0.1:8000/v1 --model my-model --report html=report.html":
    "somebody else's server; conformance/docs.test.ts parses it",
  'docs/clients/cline.md: cline auth openai-compatible --apikey "$OPENAI_API_KEY" --modelid openclaw --baseurl "$OPENAI_BASE_URL"':
    "test/client/command-lines/live.test.ts runs it where the program is installed",
  'docs/clients/qwen-code.md: qwen --auth-type openai --openai-base-url "$OPENAI_BASE_URL" --openai-api-key "$OPENAI_API_KEY" --model openclaw':
    "test/client/command-lines/live.test.ts runs it where the program is installed",
  "docs/clients/open-webui.md: X-OpenWebUI-Chat-Id: {{CHAT_ID}}": "what is typed into a form of Open WebUI",
  "docs/deployment.md: npm run build && npm pack ./dist": "tools/first-minute.ts types these lines; so does",
  "docs/deployment.md: $ mkdir ../agents && cd ../agents": "tools/package/package.test.ts, with its own folders",
  "docs/matrix/README.md":
    "test/documents/matrix.test.ts makes the same of the same reports, and looks at its commands",
  "docs/scaling.md: npx clawgate migrate --from sqlite --to postgres":
    "needs PostgreSQL; test/command/migrate.test.ts runs it where there is one",
  "docs/scaling.md: -- Who holds which session, and until when; who waits.": "needs PostgreSQL",
  "docs/scaling.md: npm run history -- --rounds 200": "takes half an hour",
  "docs/tracing.md: npm install @opentelemetry/sdk-node @opentelemetry/api": "downloads a package",
};

/** What a reader has before a fence that is a part of a program. */
export const preambles: Readonly<Record<string, string>> = {
  'docs/runs.md: await client.chat.completions.create(body, { headers: { "Idempotency-Key": crypto.randomUUID() } });': `
import OpenAI from "openai";
const client = new OpenAI();
const body = { model: "openclaw", messages: [{ role: "user" as const, content: "hi" }] };
`,
  "docs/runs.md: class OnceClient extends OpenAI {": `
import OpenAI from "openai";
const baseURL = process.env["OPENAI_BASE_URL"];
const apiKey = process.env["OPENAI_API_KEY"];
const body = { model: "openclaw", messages: [{ role: "user" as const, content: "hi" }] };
`,
};
