import { readFileSync } from "node:fs";
import { findPackageJSON } from "node:module";
import { createSdkLens, sdkPackages } from "../lens/sdk.ts";
import type { Subject } from "../reach/subject.ts";
import { errorUses } from "./openai-error-uses.ts";
import { toolUses } from "./openai-tool-uses.ts";
import { toUses, wordUses } from "./openai-uses.ts";
import { type OpenClawNode, toNodeUses } from "./openclaw-node-uses.ts";
import { loadOptional, toAiUses, toLangChainUses } from "./other-clients.ts";
import { toPublishedUses } from "./published-uses.ts";
import { type Library, toSocketUses } from "./socket-client.ts";
import { doorUses } from "./socket-door-uses.ts";
import { requestUses } from "./socket-request-uses.ts";
import { runUses } from "./socket-run-uses.ts";
import type { Client, Use } from "./use.ts";

/** The majors of the SDK that come with the suite, newest first, and what else is installed beside it. */
export async function loadClients(): Promise<Client[]> {
  const majors = Object.keys(sdkPackages)
    .map(Number)
    .toSorted((a, b) => b - a);
  const sdks = await Promise.all(majors.map(loadSdk));
  return [...sdks.flat(), ...(await loadLangChain()), ...(await loadAi()), ...(await loadOpenClaw())];
}

async function loadSdk(major: number): Promise<Client[]> {
  const nobody: Subject = { baseUrl: "http://127.0.0.1:1/v1", apiKey: "none", model: "none", profile: "chat" };
  const lens = await createSdkLens(major, nobody, () => undefined);
  if (lens === undefined) return [];
  const createLens = async (subject: Subject) => (await createSdkLens(major, subject, () => undefined))!;
  return [{ name: `openai@${lens.version}`, uses: toUses([...wordUses, ...toolUses, ...errorUses], createLens) }];
}

async function loadLangChain(): Promise<Client[]> {
  const module = await loadOptional<Parameters<typeof toLangChainUses>[0]>("@langchain/openai");
  return module === undefined ? [] : [{ name: toVersioned("@langchain/openai"), uses: toLangChainUses(module) }];
}

async function loadAi(): Promise<Client[]> {
  const ai = await loadOptional<Parameters<typeof toAiUses>[0]>("ai");
  const provider = await loadOptional<Parameters<typeof toAiUses>[1]>("@ai-sdk/openai-compatible");
  if (ai === undefined || provider === undefined) return [];
  return [{ name: toVersioned("@ai-sdk/openai-compatible"), uses: toAiUses(ai, provider) }];
}

/** What speaks to OpenClaw's gateway over its WebSocket. */
async function loadOpenClaw(): Promise<Client[]> {
  const library = await loadOptional<Library>("@openclaw/gateway-client");
  const node = await loadOptional<OpenClawNode>("openclaw-node");
  const clients: (readonly [string, Use[]])[] = [];
  if (library !== undefined)
    clients.push(["@openclaw/gateway-client", toSocketUses([...doorUses, ...requestUses, ...runUses], library)]);
  if (node !== undefined) clients.push(["openclaw-node", toNodeUses(node)]);
  if (library !== undefined) clients.push(["@openclaw/gateway-protocol", toPublishedUses(library)]);
  return clients.map(([name, uses]) => ({ name: toVersioned(name), door: "websocket", uses }));
}

function toVersioned(name: string): string {
  const file = findPackageJSON(name, import.meta.url);
  if (file === undefined) return name;
  const { version } = JSON.parse(readFileSync(file, "utf8")) as { version: string };
  return `${name}@${version}`;
}
