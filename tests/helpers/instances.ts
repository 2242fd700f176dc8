/**
 * Several instances of one app in one process, which share a store.
 *
 * @module
 */
import { Fleet } from "../../lib/fleet/fleet.ts";
import type { AppOptions } from "../../lib/http/app.ts";
import { MemoryHub, type MemoryMember } from "../../lib/store/memory_hub.ts";
import { BUILT_IN_TOOLS } from "../../lib/tools/mod.ts";
import { type TestApp, testApp } from "./app.ts";
import { Puppet } from "./puppet.ts";
import { FakeTime } from "./time.ts";

/** One instance. */
export interface Instance extends TestApp {
  readonly member: MemoryMember;
  readonly fleet: Fleet;
}

/** Instances that stop with their block: `using fleet = await Instances.start(3)`. */
export class Instances implements Disposable {
  readonly time: FakeTime;
  readonly hub: MemoryHub;
  readonly all: Instance[] = [];
  /** Served by all of them, beside the built-in tools, unless their options name others. */
  readonly puppet: Puppet = new Puppet();
  readonly #options: (index: number) => AppOptions;

  private constructor(options: (index: number) => AppOptions) {
    this.time = new FakeTime();
    this.hub = new MemoryHub(LEASE_MS, this.time.clock);
    this.#options = options;
  }

  static async start(
    count: number,
    options: AppOptions | ((index: number) => AppOptions) = {},
  ): Promise<Instances> {
    const fleet = new Instances(typeof options === "function" ? options : () => options);
    for (let index = 0; index < count; index++) await fleet.add();
    return fleet;
  }

  /** Starts instances, and waits until one that gives no sign of life would count as dead. */
  static async startPastLease(
    count: number,
    options: AppOptions | ((index: number) => AppOptions) = {},
  ): Promise<Instances> {
    const fleet = await Instances.start(count, options);
    await fleet.time.advance(LEASE_MS + 1_000);
    return fleet;
  }

  get a(): Instance {
    return this.#at(0);
  }

  get b(): Instance {
    return this.#at(1);
  }

  get c(): Instance {
    return this.#at(2);
  }

  #at(index: number): Instance {
    const instance = this.all[index];
    if (instance === undefined) throw new RangeError(`Only ${this.all.length} were started`);
    return instance;
  }

  /** Starts one more instance. */
  async add(): Promise<Instance> {
    const member = this.hub.join();
    const made: { fleet?: Fleet } = {};
    const options = this.#options(this.all.length);
    const app = testApp({
      tools: [...BUILT_IN_TOOLS, this.puppet.tool],
      ...options,
      settings: { MCP_SESSION_KEY: KEY, ...options.settings },
      wheel: { clock: this.time.clock },
      fleet: (wheel, emit) => made.fleet = new Fleet(member, wheel, emit),
    });
    await app.start();
    const instance = Object.assign(app, { member, fleet: made.fleet! });
    this.all.push(instance);
    return instance;
  }

  /** The instance dies without a word: it sends and hears nothing any more, and its lease runs out. */
  kill({ member, fleet }: Instance): void {
    member.isUp = false;
    fleet.wheel.cancel(fleet);
  }

  [Symbol.dispose](): void {
    for (const app of this.all) app.stop();
    this.time[Symbol.dispose]();
  }
}

export const LEASE_MS = 5_000;
export const KEY = "a key that all instances were given long enough";
