/**
 * Checks of a test client's options: a test that is misspelt must not pass.
 *
 * @module
 */
import {
  BOOLEAN,
  FUNCTION,
  listOf,
  type MemberCheck,
  type MemberChecks,
  memberFault,
  OBJECT,
  oneOf,
  requireOptions,
  TEXT,
  wordsFor,
} from "../base/members.ts";
import { type App, requireApp } from "../http/app_types.ts";
import { isObject } from "../wire/json_rpc.ts";
import { PROTOCOL_VERSIONS } from "../wire/protocol_versions.ts";
import type { TestClientOptions } from "./client_types.ts";

const isRoot: MemberCheck = (value) =>
  typeof value === "string" || (isObject(value) && typeof value.uri === "string")
    ? undefined
    : ` must be a path or { uri }, not ${wordsFor(value)}`;

const areHeaders: MemberCheck = (value) => {
  if (!isObject(value)) return OBJECT(value);
  const checks = Object.fromEntries(Object.keys(value).map((name) => [name, TEXT]));
  const fault = memberFault(value, checks);
  return fault !== undefined && "wrong" in fault ? `.${fault.wrong}` : undefined;
};

const isPeer: MemberCheck = (value) =>
  isObject(value) && typeof value.address === "string"
    ? undefined
    : ` must be an object such as { address: "10.0.0.1" }, not ${wordsFor(value)}`;

const CHECKS: MemberChecks<TestClientOptions> = {
  era: oneOf(...PROTOCOL_VERSIONS),
  dialect: oneOf("plain", "stdio"),
  name: TEXT,
  headers: areHeaders,
  peer: isPeer,
  keepApp: BOOLEAN,
  elicit: FUNCTION,
  sample: FUNCTION,
  roots: (value) => typeof value === "function" ? undefined : listOf(isRoot)(value),
};

/** @throws {TypeError} for a value that is not an app, and naming the option at fault */
export function requireTestOptions(app: App, options: TestClientOptions): void {
  requireApp(app, "testClient()");
  const refuse = (message: string) => new TypeError(message);
  requireOptions(options, { owner: "testClient()", checks: CHECKS, refuse });
}
