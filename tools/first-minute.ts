// Does what a stranger does, with each npm whose version is given: clones the checkout, has nothing at home, and types the
// README's lines from top to bottom; then packs, installs into an empty folder and asks, as docs/deployment.md says. Fails
// where a line fails, prints something else than the page says, or the way from the package to an answer takes a minute.
//   npm run first-minute -- 10.8.2 12.2.1
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { linesOf } from "./first-minute/lines.ts";
import { createStranger, toPackageUser, typeAll } from "./first-minute/stranger.ts";

const root = join(import.meta.dirname, "..");
const packedMsMax = 60_000;

async function tryWith(version: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "clawgate-first-"));
  try {
    const stranger = await createStranger(version, root, folder);
    // What needs a server of one's own is left out.
    const readme = linesOf(stranger.checkout, "README.md").filter(({ text }) => !text.includes("…"));
    await typeAll(stranger, readme);
    console.log(`npm ${version}: README.md, ${readme.length} lines, each as it says`);
    const [build, ...others] = linesOf(stranger.checkout, "docs/deployment.md", "From a package");
    if (build === undefined) throw new Error("docs/deployment.md says no more how to make the package");
    await typeAll(stranger, [build]);
    const started = performance.now();
    await typeAll(toPackageUser(stranger), others);
    const took = performance.now() - started;
    console.log(`npm ${version}: from the package to the first answer in ${(took / 1000).toFixed(1)} s`);
    if (took > packedMsMax) throw new Error(`The way from the package takes more than ${packedMsMax / 1000} s`);
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

const versions = process.argv.slice(2);
if (versions.length === 0) throw new Error("npm run first-minute -- VERSIONS of npm, such as 10.8.2 12.2.1");
// oxlint-disable-next-line no-await-in-loop -- one after the other: each takes the whole machine
for (const version of versions) await tryWith(version);
