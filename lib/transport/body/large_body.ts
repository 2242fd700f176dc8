import { ProtocolError } from "../../base/errors.ts";
import type { MaybePromise } from "../../base/promises.ts";
import type { Settings } from "../../base/settings.ts";
import type { Admission } from "../../stream/admit/admission.ts";
import type { BodyBudget, BodyLease } from "../../stream/admit/body_budget.ts";
import { parseJson } from "../../wire/json_rpc.ts";
import { JsonValueCount } from "../../wire/json_values.ts";
import { BodyBytes } from "./body_bytes.ts";
import { type BodyConsumer, type BodyDeadlines, type BodyTaker, PendingBody } from "./deadlines.ts";
import { tooLarge } from "./errors.ts";
import type { Turns } from "./turns.ts";

/** How large and how slow a body may be; see the settings. */
export interface BodyLimits extends Pick<Settings, "MCP_MAX_BODY_BYTES" | "MCP_MAX_BODY_VALUES"> {
  readonly deadlines: BodyDeadlines;
  readonly admission: Admission;
  /** Queue in which large bodies are parsed one after the other. */
  readonly turns: Turns;
}

/**
 * Size from which a body is large (bytes): it is accounted, parsed in turn, and read chunk by
 * chunk, because Deno keeps the bytes of a body that it reads itself as long as the socket lives.
 * Nearly all requests are smaller and skip this.
 */
export const LARGE_BYTES = 16_384;

/** A body that is accounted for while it is read and while its request runs. */
export class LargeBody implements BodyTaker<string> {
  readonly #owner: BodyConsumer;
  readonly #limits: BodyLimits;
  readonly #reading: PendingBody;
  readonly #budget: BodyBudget;
  readonly #lease: BodyLease;
  readonly #values = new JsonValueCount();

  constructor(owner: BodyConsumer, limits: BodyLimits) {
    this.#owner = owner;
    this.#limits = limits;
    this.#reading = new PendingBody(owner, limits.deadlines);
    this.#budget = limits.admission.bodies;
    this.#lease = this.#budget.lease(owner.client.key);
  }

  /**
   * Reads and answers the body.
   *
   * @param declared the declared bytes, which count at once; without a length, bytes count as they
   *   arrive
   * @throws {ProtocolError} if there is no room for it
   */
  read(declared: number): Promise<Response> {
    const release = this.#lease.hold();
    try {
      if (declared > 0) this.#grow(declared);
    } catch (error) {
      release();
      throw error;
    }
    const answered = this.#reading.follow(this.#readText(declared), this);
    void answered.then(release, release);
    return answered;
  }

  async #readText(declared: number): Promise<string> {
    const { MCP_MAX_BODY_BYTES } = this.#limits;
    const reader = this.#owner.request.body!.getReader();
    const bytes = new BodyBytes(declared);
    const stop = () => {
      bytes.free();
      reader.cancel().catch(() => {});
    };
    this.#reading.onLate = stop;
    try {
      for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
        if (this.#reading.isLate) return "";
        const { byteLength } = chunk.value;
        const length = bytes.length + byteLength;
        if (length > MCP_MAX_BODY_BYTES) throw tooLarge(this.#limits);
        if (declared === 0 && length > LARGE_BYTES) {
          this.#grow(bytes.length <= LARGE_BYTES ? length : byteLength);
        }
        this.#countValues(chunk.value);
        bytes.add(chunk.value);
      }
    } catch (error) {
      stop();
      throw error;
    }
    return bytes.takeText();
  }

  #grow(bytes: number): void {
    this.#limits.admission.admitBody();
    this.#lease.grow(bytes);
  }

  #countValues(part: Uint8Array): void {
    const { MCP_MAX_BODY_VALUES } = this.#limits;
    this.#values.add(part);
    if (this.#values.count <= MCP_MAX_BODY_VALUES) return;
    throw new ProtocolError(
      "body_too_large",
      `The body holds more than ${MCP_MAX_BODY_VALUES} values (MCP_MAX_BODY_VALUES)`,
      { headers: { connection: "close" } },
    );
  }

  /** Called once the text is read; a large one is parsed in its turn. */
  take(text: string): MaybePromise<Response> {
    if (text.length <= LARGE_BYTES) return this.#answer(text);
    return this.#limits.turns.take(() => this.#answer(text)).then((response) => response);
  }

  #answer(text: string): MaybePromise<Response> {
    let value: unknown;
    try {
      value = text === "" ? undefined : parseJson(text);
    } catch (error) {
      return this.#reading.fail(error);
    }
    return this.#budget.dispatch(this.#lease, () => this.#owner.take(value));
  }
}
