import { ConfigError } from "../../base/config/config-error.ts";
import type { CreateSdk, Vendor } from "./vendors.ts";

/** Imports a package by its name. */
export type LoadPackage = (name: string) => Promise<unknown>;

export const loadPackage: LoadPackage = (name) => import(name);

/**
 * The packages are optional: whoever does not configure the vendor does not need them. Throws a `ConfigError` about
 * `key`, which is `models.providers.<name>`, if the package is not installed.
 */
export async function loadSdk(key: string, api: string, vendor: Vendor, load: LoadPackage): Promise<CreateSdk> {
  try {
    const exported = (await load(vendor.package)) as Readonly<Record<string, CreateSdk | undefined>>;
    const create = exported[vendor.create];
    if (create !== undefined) return create;
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  throw new ConfigError(
    `${key}.api is '${api}', which needs the package ${vendor.package}. ` +
      `Install it: npm install ${vendor.package}@${vendor.version}`,
  );
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";
}
