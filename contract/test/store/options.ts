import { join } from "node:path";
import { type GenerateOptions, listOperations } from "@clawgate/contract/generate";

const here = (name: string): string => join(import.meta.dirname, name);

/** All that the generator has to be told about the store. */
export const storeOptions: GenerateOptions = {
  document: here("openapi.yaml"),
  schemas: { settings: { file: here("settings.yaml"), type: "Settings", fillDefaults: true } },
  out: here("generated"),
  banner: "Generated from openapi.yaml. Do not edit.",
  extensions: [
    ({ edition32 }) => ({
      "operations.md": listOperations(edition32)
        .map(({ method, path }) => `- ${method} ${path}\n`)
        .join(""),
    }),
  ],
};
