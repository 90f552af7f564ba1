import { readFileSync } from "node:fs";
import { findPackageJSON } from "node:module";
import { createSdkLens, sdkPackages } from "../lens/sdk.ts";
import type { Subject } from "../subject.ts";
import { errorUses } from "./openai-error-uses.ts";
import { toolUses } from "./openai-tool-uses.ts";
import { toUses, wordUses } from "./openai-uses.ts";
import { loadOptional, toAiUses, toLangChainUses } from "./other-clients.ts";
import type { Client } from "./use.ts";

/** The majors of the SDK that come with the suite, newest first, and what else is installed beside it. */
export async function loadClients(): Promise<Client[]> {
  const majors = Object.keys(sdkPackages)
    .map(Number)
    .toSorted((a, b) => b - a);
  const sdks = await Promise.all(majors.map(loadSdk));
  return [...sdks.flat(), ...(await loadLangChain()), ...(await loadAi())];
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

function toVersioned(name: string): string {
  const file = findPackageJSON(name, import.meta.url);
  if (file === undefined) return name;
  const { version } = JSON.parse(readFileSync(file, "utf8")) as { version: string };
  return `${name}@${version}`;
}
