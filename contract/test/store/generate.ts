// Makes the store's generated/; with --check it only says what differs.
import { join } from "node:path";
import { generate } from "@clawgate/contract/generate";
import { storeOptions } from "./options.ts";

const { differences } = await generate({ ...storeOptions, check: process.argv.includes("--check") });
for (const difference of differences) console.error(join("generated", difference));
if (differences.length > 0) process.exitCode = 1;
