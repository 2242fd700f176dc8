/**
 * Secrets: read once, and then out of the reach of tools and packages.
 *
 * @module
 */
import { logFor } from "../base/log.ts";
import { SECRET_SETTINGS } from "../base/settings.ts";
import { readUpTo } from "./files.ts";

const log = logFor("runtime");
/** More than any secret has. */
const MAX_BYTES = 65_536;

/** The setting that names the file of a secret. */
export function fileOf(secret: string): string {
  return `${secret}_FILE`;
}

/**
 * The text of a secret's file without the line end behind it.
 *
 * @throws {Error} when it cannot be read, is empty, or is larger than a secret can be
 */
export function readSecretFile(path: string): string {
  const text = new TextDecoder().decode(readUpTo(path, MAX_BYTES)).replace(/\r?\n$/, "");
  if (text.trim() === "") throw new Error("The file is empty");
  return text;
}

/**
 * Removes the secrets from the environment, and revokes the permission to read their files. Deno
 * revokes everything that was granted together with a file. So a file stays readable if its folder
 * was granted together with the working folder, or with a file that is read later.
 *
 * @param files that secrets were read from
 * @param later files that are read later, such as the module with tools
 * @returns the files that tools can still read
 */
export function withdrawSecrets(
  files: readonly string[],
  later: readonly (string | undefined)[],
): readonly string[] {
  for (const name of SECRET_SETTINGS) Deno.env.delete(name);
  if (files.length === 0) return files;
  const here = `${Deno.cwd()}/`;
  const kept = [
    here,
    ...later.filter((path) => path !== undefined).map((path) => folderOf(pathOf(path, here))),
  ];
  for (const file of files) {
    const granted = grantOf(pathOf(file, here));
    if (!kept.some((folder) => folder.startsWith(granted))) {
      Deno.permissions.revokeSync({ name: "read", path: file });
    }
  }
  return files.filter(mayRead);
}

/** Tells the operator of secrets that any tool, and any package of one, can read. */
export function warnOfReadable(files: readonly string[]): void {
  for (const file of files) {
    log.warning("Tools can read the file of a secret", {
      file,
      hint: "move it out of the folders that the command grants, and grant it alone: " +
        "--allow-read=.,FILE",
    });
  }
}

/**
 * The outermost readable folder that contains the file, with a trailing slash; or the file itself.
 */
function grantOf(file: string): string {
  let granted = file;
  for (let folder = folderOf(file); mayRead(folder); folder = folderOf(folder.slice(0, -1))) {
    granted = folder;
    if (folder === "/") break;
  }
  return granted;
}

function mayRead(path: string): boolean {
  return Deno.permissions.querySync({ name: "read", path }).state === "granted";
}

function pathOf(path: string, here: string): string {
  return path.startsWith("/") ? path : here + path.replace(/^\.\//, "");
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/") + 1);
}
