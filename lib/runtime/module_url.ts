const SCHEME_REGEXP = /^[A-Za-z][A-Za-z0-9+.-]+:/;
/** A drive, as in `C:\tools`, or a share, as in `\\server\tools`. */
const WINDOWS_REGEXP = /^(?:[A-Za-z]:[\\/]|\\\\)/;

/**
 * The URL of a module.
 *
 * @param specifier a path, taken literally, or a URL
 * @param cwd base of relative paths
 */
export function toModuleUrl(specifier: string, cwd: string): string {
  if (WINDOWS_REGEXP.test(specifier)) return windowsUrl(specifier);
  if (SCHEME_REGEXP.test(specifier)) return specifier;
  if (!WINDOWS_REGEXP.test(cwd)) return new URL(encodePath(specifier), folderUrl(cwd)).href;
  const path = encodePath(specifier.replaceAll("\\", "/"));
  return new URL(path, `${windowsUrl(cwd).replace(/\/$/, "")}/`).href;
}

/**
 * The modules that a setting names.
 *
 * @param setting paths and URLs with commas between them; a comma within one is written `%2C` in a
 * `file:` URL
 */
export function moduleSpecifiers(setting: string): readonly string[] {
  if (setting.startsWith("data:")) return [setting];
  return setting.split(",").map((specifier) => specifier.trim()).filter((each) => each !== "");
}

function folderUrl(path: string): string {
  return `file://${encodePath(path.endsWith("/") ? path : `${path}/`)}`;
}

function windowsUrl(path: string): string {
  const slashed = encodePath(path.replaceAll("\\", "/"));
  return slashed.startsWith("//") ? `file:${slashed}` : new URL(`file:///${slashed}`).href;
}

/** Escapes characters that are special in URLs but not in paths. */
function encodePath(path: string): string {
  return path.replace(/[%#?\n\r\t]/g, encodeURIComponent);
}
