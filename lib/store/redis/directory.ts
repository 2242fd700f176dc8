import type { Claim, Directory, SessionRecord } from "../shared_store.ts";
import type { Reply } from "./connection.ts";
import { type RedisParts, type RedisStoreOptions, textOf } from "./parts.ts";
import { CLAIM, RELEASE, TAKE } from "./scripts.ts";

/** Begin the names of the fields of values, and of tags. */
const VALUE = "v:";
const TAG = "t:";

/** The sessions as hashes, the instances as keys that expire. */
export class RedisDirectory implements Directory {
  readonly #options: RedisStoreOptions;
  readonly #parts: RedisParts;

  constructor(options: RedisStoreOptions, parts: RedisParts) {
    this.#options = options;
    this.#parts = parts;
  }

  async renew(): Promise<void> {
    const { send, me } = this.#parts;
    const { prefix, leaseMs } = this.#options;
    await Promise.all([
      send(["SET", this.#leaseOf(me), "1", "PX", String(leaseMs)]),
      send(["SADD", `${prefix}instances`, me]),
    ]);
  }

  async isAlive(instance: string): Promise<boolean> {
    return await this.#parts.send(["EXISTS", this.#leaseOf(instance)]) === 1;
  }

  async instances(): Promise<readonly string[]> {
    const { send } = this.#parts;
    const set = `${this.#options.prefix}instances`;
    const members = await send(["SMEMBERS", set]);
    const names = (Array.isArray(members) ? members as readonly Reply[] : []).map(textOf);
    const alive = await Promise.all(names.map((name) => this.isAlive(name)));
    const dead = names.filter((_, index) => !alive[index]);
    if (dead.length > 0) await send(["SREM", set, ...dead]);
    return names.filter((_, index) => alive[index]);
  }

  async leave(): Promise<void> {
    const { send, me } = this.#parts;
    await Promise.all([
      send(["DEL", this.#leaseOf(me)]),
      send(["SREM", `${this.#options.prefix}instances`, me]),
    ]);
  }

  async readSession(key: string): Promise<SessionRecord> {
    return recordOf(await this.#parts.send(["HGETALL", this.#sessionOf(key)]));
  }

  async writeSession(key: string, changes: SessionRecord): Promise<void> {
    const fields = fieldsOf(changes);
    const removed = Object.entries(changes.values ?? {}).flatMap(([name, text]) =>
      text === null ? [VALUE + name] : []
    );
    const { send } = this.#parts;
    const session = this.#sessionOf(key);
    await Promise.all([
      ...fields.length > 0 ? [send(["HSET", session, ...fields])] : [],
      ...removed.length > 0 ? [send(["HDEL", session, ...removed])] : [],
      send(["PEXPIRE", session, String(this.#options.sessionMs)]),
    ]);
  }

  async takeSession(key: string): Promise<SessionRecord> {
    const { run, me } = this.#parts;
    const life = String(this.#options.sessionMs);
    return recordOf(await run(TAKE, [this.#sessionOf(key)], [me, life]));
  }

  async claim(key: string, note: string, lifeMs: number): Promise<Claim> {
    const { run, me } = this.#parts;
    const life = String(Math.ceil(lifeMs));
    const reply = await run(CLAIM, [this.#claimOf(key)], [`${me} ${note}`, life]);
    const [isNew, value] = Array.isArray(reply) ? reply as readonly Reply[] : [];
    const text = textOf(value);
    const space = text.indexOf(" ");
    return { instance: text.slice(0, space), note: text.slice(space + 1), isNew: isNew === 1 };
  }

  async release(key: string): Promise<void> {
    const { run, me } = this.#parts;
    await run(RELEASE, [this.#claimOf(key)], [`${me} `]);
  }

  #claimOf(key: string): string {
    return `${this.#options.prefix}{${key}}:claim`;
  }

  #leaseOf(instance: string): string {
    return `${this.#options.prefix}lease:${instance}`;
  }

  #sessionOf(key: string): string {
    return `${this.#options.prefix}{${key}}:s`;
  }
}

function fieldsOf(changes: SessionRecord): string[] {
  const { carrier, logLevel, subscriptions, values = {}, tags = {}, usedAt, isEnded } = changes;
  const fields: Readonly<Record<string, string | undefined>> = {
    carrier,
    level: logLevel,
    subscriptions: subscriptions && JSON.stringify(subscriptions),
    used: usedAt === undefined ? undefined : String(usedAt),
    ended: isEnded === undefined ? undefined : isEnded ? "1" : "0",
    ...Object.fromEntries(
      Object.entries(values).map(([name, text]) => [VALUE + name, text ?? undefined]),
    ),
    ...Object.fromEntries(
      Object.entries(tags).map(([tag, isShown]) => [TAG + tag, isShown ? "1" : "0"]),
    ),
  };
  return Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [name, value]
  );
}

function recordOf(reply: Reply): SessionRecord {
  const texts = (Array.isArray(reply) ? reply as readonly Reply[] : []).map(textOf);
  const fields = new Map<string, string>();
  for (let index = 0; index + 1 < texts.length; index += 2) {
    fields.set(texts[index] ?? "", texts[index + 1] ?? "");
  }
  const [carrier, logLevel, used] = ["carrier", "level", "used"].map((name) => fields.get(name));
  const subscriptions = readList(fields.get("subscriptions"));
  const values = fieldsAfter(fields, VALUE);
  const tags = fieldsAfter(fields, TAG).map(([tag, text]) => [tag, text === "1"] as const);
  return {
    ...(carrier !== undefined && { carrier }),
    ...(logLevel !== undefined && { logLevel }),
    ...(subscriptions !== undefined && { subscriptions }),
    ...(values.length > 0 && { values: Object.fromEntries(values) }),
    ...(tags.length > 0 && { tags: Object.fromEntries(tags) }),
    ...(Number.isFinite(Number(used ?? NaN)) && { usedAt: Number(used) }),
    ...(fields.get("ended") === "1" && { isEnded: true }),
  };
}

/** The fields whose names begin so, without that beginning. */
function fieldsAfter(fields: ReadonlyMap<string, string>, prefix: string) {
  return [...fields].flatMap(([name, text]) =>
    name.startsWith(prefix) ? [[name.slice(prefix.length), text] as const] : []
  );
}

function readList(text: string | undefined): readonly string[] | undefined {
  if (text === undefined) return undefined;
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? list.filter((uri) => typeof uri === "string") : undefined;
  } catch {
    return undefined;
  }
}
