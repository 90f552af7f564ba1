const folder = process.env["NODE_COMPILE_CACHE"];

/**
 * For the environment of a program that gets none of the test's own: to strip its TypeScript anew at each start costs
 * three times what it does.
 */
export const compileCache: Readonly<Record<string, string>> =
  folder === undefined ? {} : { NODE_COMPILE_CACHE: folder };
