import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, dirname, join } from "node:path";

interface Installed {
  readonly version: string;
  readonly folder: string;
}

/**
 * A registry that has the packages of the checkout's `node_modules` and nothing else, so that npm can install what a manifest
 * asks for as a stranger's does, without a network.
 */
export async function startRegistry(root: string): Promise<{ readonly url: string; readonly stop: () => void }> {
  const packages = findPackages(root);
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", url);
    const versions = packages.get(decodeURIComponent(pathname.slice(1))) ?? [];
    const wanted = searchParams.get("version");
    if (wanted !== null) {
      const found = versions.find(({ version }) => version === wanted);
      return void response.end(found === undefined ? undefined : toTarball(found.folder));
    }
    response.statusCode = versions.length === 0 ? 404 : 200;
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(toPackument(new URL(pathname, url).href, versions)));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return {
    url,
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Every version of every package that the checkout has installed, by name. */
function findPackages(root: string): Map<string, Installed[]> {
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    packages: Record<string, { name?: string; version?: string; link?: boolean }>;
  };
  const found = new Map<string, Installed[]>();
  for (const [path, { name, version, link }] of Object.entries(lock.packages)) {
    const place = path.lastIndexOf("node_modules/");
    if (place === -1 || version === undefined || link === true) continue;
    const known = name ?? path.slice(place + "node_modules/".length);
    found.set(known, [...(found.get(known) ?? []), { version, folder: join(root, path) }]);
  }
  return found;
}

function toPackument(url: string, versions: readonly Installed[]): object {
  const manifests = versions.map(({ version, folder }) => {
    const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as object;
    return [version, { ...manifest, dist: { tarball: `${url}?version=${version}` } }] as const;
  });
  return { "dist-tags": { latest: versions.at(-1)?.version }, versions: Object.fromEntries(manifests) };
}

/** npm takes the first folder in a tarball for the package, whatever its name is. */
function toTarball(folder: string): Buffer {
  const args = ["-czf", "-", "--exclude=node_modules", "-C", dirname(folder), basename(folder)];
  return execFileSync("tar", args, { maxBuffer: 256 * 1024 * 1024 });
}
