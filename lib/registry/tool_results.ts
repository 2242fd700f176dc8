/**
 * Makes the result of `tools/call` out of the value that a tool's `run` returned.
 *
 * @module
 */
import type * as z from "zod";
import { logFor } from "../base/log.ts";
import { wordsFor } from "../base/members.ts";
import { isPromise, type MaybePromise } from "../base/promises.ts";
import type { CallToolResult, ToolListing } from "../wire/mcp_types.ts";
import { METHODS } from "../wire/methods.ts";
import { besideListError, contentError, firstError } from "./content.ts";
import { fitForJson } from "./json_fit.ts";
import { maskedText, newReference } from "./masking.ts";
import { hasProperty } from "./schema.ts";
import { type Invalid, validate, type Validation } from "./validation.ts";

const log = logFor("tools");

/** Makes results from the values that one tool returns. */
export class ToolResults<O extends z.ZodType> {
  readonly #name: string;
  readonly #output: O | undefined;
  /** A structured value may itself have a `content`; then it is never taken for MCP content. */
  readonly #mayBeContent: boolean;

  /** @param output schema of the structured result, where the tool declares one */
  constructor({ name, outputSchema }: ToolListing, output: O | undefined) {
    this.#name = name;
    this.#output = output;
    this.#mayBeContent = !hasProperty({ ...outputSchema }, "content");
  }

  /**
   * The result of a call.
   *
   * @param masksErrors whether the client does not see the messages of the output schema
   * @returns a result with `isError` for a value that does not match the output schema
   * @throws {TypeError} naming the tool and the member, for a value that is not a result or that
   *   JSON cannot hold
   */
  read(returned: unknown, masksErrors: boolean): MaybePromise<CallToolResult> {
    if (this.#isContent(returned)) return this.#readContent(returned, masksErrors);
    if (this.#output !== undefined) return this.#structure(this.#output, returned, masksErrors);
    if (typeof returned === "string") return textResult(returned);
    if (returned === undefined) return { content: [] };
    throw new TypeError(
      `Tool ${this.#name} returned neither text nor MCP content, but ${wordsFor(returned)}; give ` +
        "{ content: […] }, or declare an output schema",
    );
  }

  #isContent(returned: unknown): returned is CallToolResult {
    return this.#mayBeContent && typeof returned === "object" && returned !== null &&
      "content" in returned && Array.isArray(returned.content);
  }

  #readContent(returned: CallToolResult, masksErrors: boolean): MaybePromise<CallToolResult> {
    const { structuredContent, ...rest } = returned;
    const result = this.#fit(rest) as CallToolResult;
    const error = firstError(result.content, contentError);
    if (error !== undefined) {
      throw new TypeError(`Content of tool ${this.#name} ${error}`);
    }
    const { isError, _meta } = result;
    const isPlain = isError === undefined && _meta === undefined;
    const beside = isPlain ? undefined : besideListError(METHODS.callTool, result);
    if (beside !== undefined) throw new TypeError(`Result of tool ${this.#name}: ${beside}`);
    if (this.#output !== undefined && result.isError !== true) {
      return this.#structure(this.#output, structuredContent, masksErrors, result);
    }
    return structuredContent === undefined ? result : {
      ...result,
      structuredContent: this.#fit(structuredContent, "structuredContent") as CallToolResult[
        "structuredContent"
      ],
    };
  }

  /** Puts a value that matches the output schema beside its text, or says where it does not. */
  #structure(
    output: O,
    value: unknown,
    masksErrors: boolean,
    full?: CallToolResult,
  ): MaybePromise<CallToolResult> {
    // Its errors are masked as a whole, below.
    const validation = validate(output, value);
    const settle = (settled: Validation<z.output<O>>): CallToolResult =>
      settled.ok ? this.#structured(settled.value, full) : this.#wrongOutput(settled, masksErrors);
    return isPromise(validation) ? validation.then(settle) : settle(validation);
  }

  #structured(value: unknown, full?: CallToolResult): CallToolResult {
    const structuredContent = this.#fit(value, "structuredContent");
    const result = full ?? textResult(JSON.stringify(structuredContent));
    return { ...result, structuredContent } as CallToolResult;
  }

  /** A fault of the tool, and its schema's words may tell of values that the client is not to see. */
  #wrongOutput({ errors, isMeant = false }: Invalid, isMasked: boolean): CallToolResult {
    const tool = this.#name;
    if (isMeant) return errorResult(errors.join("; "));
    const what = `Tool ${tool} returned what does not match its output schema`;
    if (!isMasked) {
      log.error("Tool output does not match its schema", { tool, faults: errors });
      return errorResult(`${what}: ${errors.join("; ")}`);
    }
    const reference = newReference();
    const error = errors.join("; ");
    log.error("Tool output does not match its schema", { reference, tool, error });
    return errorResult(maskedText(what, reference));
  }

  #fit(value: unknown, path = ""): unknown {
    return fitForJson(value, path, `Tool ${this.#name} returned`);
  }
}

/** A result that tells the model what went wrong. */
export function errorResult(text: string): CallToolResult {
  return { ...textResult(text), isError: true };
}

function textResult(text: string): CallToolResult {
  return { content: [{ type: "text", text: text.isWellFormed() ? text : text.toWellFormed() }] };
}
