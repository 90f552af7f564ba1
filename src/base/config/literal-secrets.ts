/** What a text that may hold secrets shows instead of one. */
export function toMask(secret: string): string {
  return `<secret, ${secret.length} characters>`;
}

/** What a reference brought is masked already, and says more. */
const isMasked = (text: string): boolean => text.startsWith("<");

const mask = (text: string): string => (isMasked(text) || text === "" ? text : toMask(text));

const secretName =
  /(?:token|key|secret|pass(?:word|wd|phrase)?|pwd|pat|auth|authorization|credentials?|bearer|cookie|signature|sig|dsn)$/i;
/** `apiKey`, `--api-key`, `GITHUB_TOKEN`, `X-Api-Key`; `--monkey` and `--tokens-max` are none. */
function isSecretName(name: string): boolean {
  const words = name.replaceAll(/([a-z])([A-Z])/g, "$1-$2").split(/[^a-zA-Z0-9]+/);
  const last = words.at(-1) ?? "";
  return secretName.exec(last)?.[0].length === last.length || /(?:api|access|auth)(?:key|token)$/i.test(last);
}

/** How the keys of well-known vendors begin. */
const vendorKey =
  /\b(?:sk|pk|rk|ghp|gho|ghu|ghs|ghr|github_pat|glpat|xox[abeprs]|hf|npm|pypi|dop_v1|AKIA|ASIA|AIza|eyJ)[-_A-Za-z0-9.]{12,}/g;

/** As chance writes: long, of letters and digits in turn. Names, paths and versions have words in them. */
function isRandom(text: string): boolean {
  return /^[\w+/=~-]{20,}$/.test(text) && (text.match(/[0-9](?=[a-zA-Z])|[a-zA-Z](?=[0-9])/g)?.length ?? 0) >= 4;
}

/**
 * An address without what lets somebody in: user and password, the values of its query and fragment, and pieces of its
 * path that chance has written.
 */
export function maskAddress(text: string): string {
  return text.replaceAll(/\b([a-z][a-z0-9+.-]*:\/\/)((?:<[^>]*>|[^\s"'<])+)/gi, (_, scheme: string, rest: string) => {
    const end = rest.search(/[?#]|$/);
    const [place, query] = [rest.slice(0, end), rest.slice(end)];
    const at = place.lastIndexOf("@", (place.indexOf("/") + place.length + 1) % (place.length + 1));
    const login = at === -1 ? "" : `${mask(place.slice(0, at))}@`;
    const [host = "", ...pieces] = place.slice(at + 1).split("/");
    const path = pieces.map((piece) => `/${isRandom(piece) ? mask(piece) : piece}`).join("");
    return scheme + login + host + path + maskQuery(query);
  });
}

function maskQuery(query: string): string {
  return query.replaceAll(
    /([?&;#])([^=&;#]*)(=?)([^&;#]*)/g,
    (_, mark: string, name: string, is: string, value: string) =>
      is === "" ? mark + (isRandom(name) ? mask(name) : name) : mark + name + is + mask(value),
  );
}

/** Whatever stands in a text and is a key by its looks. */
export function maskLiteral(text: string): string {
  if (isRandom(text)) return mask(text);
  return maskAddress(text).replaceAll(vendorKey, toMask);
}

/** The arguments of a program: values of what is named like a secret, in the forms that programs take, and the rest by its looks. */
export function maskArguments(args: readonly string[]): string[] {
  return args.map((text, index) => {
    const before = args[index - 1] ?? "";
    if (/^--?[\w-]+$/.test(before) && isSecretName(before)) return mask(text);
    const [name = "", mark = ""] = splitName(text);
    const value = text.slice(name.length + mark.length);
    if (mark !== "" && isSecretName(name) && !value.startsWith("//")) return name + mark + mask(value);
    return maskLiteral(text);
  });
}

/** Of `--name=value`, `NAME=value` and `Name: value` the first two parts. */
function splitName(text: string): readonly string[] {
  const name = /^[\w.-]+/.exec(text)?.[0] ?? "";
  return [name, /^ ?[=:] ?/.exec(text.slice(name.length))?.[0] ?? ""];
}
