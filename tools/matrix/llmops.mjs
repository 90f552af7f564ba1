// llmops.mjs FOLDER PORT: serves what @llmops/gateway exports as an app.
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, port] = process.argv.slice(2);
const load = (path) => import(pathToFileURL(join(folder, "node_modules", path)).href);
const { serve } = await load("@hono/node-server/dist/index.mjs");
const { default: app } = await load("@llmops/gateway/dist/index.mjs");
serve({ fetch: app.fetch, port: Number(port), hostname: "127.0.0.1" });
