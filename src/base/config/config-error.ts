/** A configuration that cannot be used. The message names the key or line, and what to do. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}
