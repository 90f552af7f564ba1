import { readFileSync } from "node:fs";
import type { Proof } from "./prove.ts";

/** What `prove --write conformance/proof/proofs.json` has found: for each MUST a client that breaks without it. */
export const proofs: ReadonlyMap<string, Proof> = new Map(
  (JSON.parse(readFileSync(new URL("proofs.json", import.meta.url), "utf8")) as Proof[]).map((proof) => [
    proof.id,
    proof,
  ]),
);
