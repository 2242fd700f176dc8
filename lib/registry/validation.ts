/**
 * Applies zod schemas, with errors that name the field, so that a model can correct itself.
 *
 * @module
 */
import type * as z from "zod";
import { CallAborted, messageOf, ProtocolError, stackOf, ToolError } from "../base/errors.ts";
import { logFor } from "../base/log.ts";
import { maskedText, newReference } from "./masking.ts";
import { hasOwnCode } from "./schema_code.ts";

/** Either the value, or each error as a line such as `a: Invalid input: expected number`. */
export type Validation<T> =
  | { readonly ok: true; readonly value: T }
  | Invalid;

/** The faults of a value. */
export interface Invalid {
  readonly ok: false;
  readonly errors: readonly string[];
  /** Whether the schema threw a `ToolError`, whose message is meant for the client. */
  readonly isMeant?: boolean;
}

type Issue = z.core.$ZodIssue;

/** Maximum number of reported errors per value. */
const MAX_ISSUES = 20;
/** Maximum number of union members whose errors are reported. */
const MAX_MEMBERS = 5;
const log = logFor("schema");

/**
 * Applies a schema: synchronously, or as a promise if the schema runs code of its author. If a check
 * or transform of the schema throws, the value has an error.
 *
 * @param masksErrors whether to hide the messages of errors that the schema throws
 * @throws {ProtocolError} only if the schema itself threw it
 */
export function validate<S extends z.ZodType>(
  schema: S,
  value: unknown,
  masksErrors = false,
): Validation<z.output<S>> | Promise<Validation<z.output<S>>> {
  if (hasOwnCode(schema)) {
    return schema.safeParseAsync(value).then(
      toValidation,
      (error) => toFailure(error, masksErrors),
    );
  }
  try {
    return toValidation(schema.safeParse(value));
  } catch (error) {
    return toFailure(error, masksErrors);
  }
}

function toValidation<T>(parsed: z.ZodSafeParseResult<T>): Validation<T> {
  return parsed.success
    ? { ok: true, value: parsed.data }
    : { ok: false, errors: allErrors(parsed.error.issues) };
}

/** The first of all errors, and how many more there are. */
function allErrors(issues: readonly Issue[]): readonly string[] {
  const told = issues.slice(0, MAX_ISSUES).flatMap((issue) => errorLines(issue, []));
  const more = issues.length - MAX_ISSUES;
  return more > 0 ? [...told, `and ${more.toLocaleString("en")} more`] : told;
}

function toFailure(error: unknown, isMasked: boolean): Validation<never> {
  if (error instanceof ProtocolError || error instanceof CallAborted) throw error;
  const message = messageOf(error);
  const fields = { error: message, stack: stackOf(error) };
  if (!isMasked || error instanceof ToolError) {
    log.warning("Schema threw", fields);
    return { ok: false, errors: [message], isMeant: error instanceof ToolError };
  }
  const reference = newReference();
  log.warning("Schema threw", { reference, ...fields });
  return { ok: false, errors: [maskedText("a check failed", reference)] };
}

/** @param parents the path of the value that the issue's own path begins at */
function errorLines(issue: Issue, parents: readonly PropertyKey[]): readonly string[] {
  const path = [...parents, ...issue.path];
  if (issue.code === "invalid_union") return unionLines(issue, path);
  if (issue.code === "invalid_key" || issue.code === "invalid_element") {
    const inner = issue.issues.slice(0, MAX_ISSUES)
      .flatMap((one) => errorLines(one, [])).join("; ");
    return [line(path, inner === "" ? issue.message : `${issue.message}: ${inner}`)];
  }
  return [line(path, issue.message)];
}

/**
 * The errors of the one member that the value resembles, as only its fields are wrong; else those of
 * each member.
 */
function unionLines(
  { errors, message }: z.core.$ZodIssueInvalidUnion,
  path: readonly PropertyKey[],
): readonly string[] {
  const similar = errors.filter((issues) => issues.every((issue) => issue.path.length > 0));
  const [only, ...others] = similar;
  if (only !== undefined && others.length === 0) {
    return only.slice(0, MAX_ISSUES).flatMap((issue) => errorLines(issue, path));
  }
  const members = (only === undefined ? errors : similar).slice(0, MAX_ISSUES).map((issues) =>
    issues.slice(0, MAX_ISSUES).flatMap((issue) => errorLines(issue, path)).join("; ")
  );
  const told = [...new Set(members)].slice(0, MAX_MEMBERS).map((text) => `(${text})`);
  return [line(path, told.length === 0 ? message : `${message}: either ${told.join(" or ")}`)];
}

function line(path: readonly PropertyKey[], message: string): string {
  const field = path.reduce<string>(
    (text, key) =>
      typeof key === "number" ? `${text}[${key}]` : `${text}${text && "."}${String(key)}`,
    "",
  );
  return field === "" ? message : `${field}: ${message}`;
}
