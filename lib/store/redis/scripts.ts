/**
 * The scripts that Redis runs as one step each. A log is a list, whose entries begin with a line
 * `<number> <bytes up to here> <1 at the end, else 0>`: so a log needs no second key for its bounds,
 * and takes a tenth of the memory of a Redis stream.
 *
 * @module
 */

/** Shared by the scripts: reads the line that an entry begins with. */
const HEAD = `
local function head(entry)
  local line = string.find(entry, "\\n", 1, true)
  local seq, sum, last = string.match(string.sub(entry, 1, line - 1), "^(%d+) (%d+) (%d)$")
  return tonumber(seq), tonumber(sum), last == "1", line
end
`;

/**
 * KEYS: log, carrier. ARGV: first number, most entries, most bytes, life (ms), channel prefix, message
 * for the carrier, then for each entry its flag and its bytes. Returns 1, or 0 where it is refused.
 */
export const APPEND = `${HEAD}
local seq, maxEntries, maxBytes = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local length = redis.call("LLEN", KEYS[1])
local next, sum, ended, first = seq, 0, false, seq
if length > 0 then
  local number, bytes, isEnd = head(redis.call("LINDEX", KEYS[1], -1))
  next, sum, ended = number + 1, bytes, isEnd
  first = number + 1 - length
end
for index = 7, #ARGV, 2 do
  local flag, frame = ARGV[index], ARGV[index + 1]
  if length > 0 and seq < next then
    if seq >= first then
      local entry = redis.call("LINDEX", KEYS[1], seq - first)
      local _, _, isEnd, line = head(entry)
      if string.sub(entry, line + 1) ~= frame or isEnd ~= (flag == "1") then return 0 end
    end
  elseif ended then
    return 0
  else
    if seq > next then
      redis.call("DEL", KEYS[1])
      length, sum, first = 0, 0, seq
    end
    sum = sum + #frame
    redis.call("RPUSH", KEYS[1], seq .. " " .. string.format("%d", sum) .. " " .. flag .. "\\n" .. frame)
    length, next, ended = length + 1, seq + 1, flag == "1"
  end
  seq = seq + 1
end
while length > 1 do
  local entry = redis.call("LINDEX", KEYS[1], 0)
  local _, bytes, _, line = head(entry)
  if length <= maxEntries and sum - bytes + #entry - line <= maxBytes then break end
  redis.call("LPOP", KEYS[1])
  length = length - 1
end
redis.call("PEXPIRE", KEYS[1], ARGV[4])
local carrier = redis.call("GET", KEYS[2])
if carrier then redis.call("PUBLISH", ARGV[5] .. carrier, ARGV[6]) end
return 1
`;

/** Shared by the scripts that read: the tail of a log, or an empty list. */
const TAIL = `${HEAD}
local function tail(key, since)
  local length = redis.call("LLEN", key)
  if length == 0 then return {} end
  local last, _, ended = head(redis.call("LINDEX", key, -1))
  local first = last + 1 - length
  if since + 1 < first then return { last, ended and 1 or 0, 1 } end
  local entries = since < last and redis.call("LRANGE", key, since + 1 - first, -1) or {}
  for index, entry in ipairs(entries) do
    local line = string.find(entry, "\\n", 1, true)
    entries[index] = string.sub(entry, line + 1)
  end
  return { last, ended and 1 or 0, 0, entries }
end
`;

/** KEYS: log. ARGV: number. Returns nothing, or last number, whether it ended, whether some are gone, entries. */
export const AFTER = `${TAIL}
return tail(KEYS[1], tonumber(ARGV[1]))
`;

/**
 * KEYS: log, carrier. ARGV: number, this instance, life (ms), whether to take it, channel prefix,
 * message for the carrier before. Returns the carrier, and the tail where it is this instance.
 */
export const CARRY = `${TAIL}
local before = redis.call("GET", KEYS[2])
if before and before ~= ARGV[2] then
  if ARGV[4] ~= "1" then return { before, {} } end
  redis.call("PUBLISH", ARGV[5] .. before, ARGV[6])
end
redis.call("SET", KEYS[2], ARGV[2], "PX", ARGV[3])
return { ARGV[2], tail(KEYS[1], tonumber(ARGV[1])) }
`;

/** KEYS: session. ARGV: this instance, life (ms). Returns the fields as they were before. */
export const TAKE = `
local before = redis.call("HGETALL", KEYS[1])
redis.call("HSET", KEYS[1], "carrier", ARGV[1])
redis.call("PEXPIRE", KEYS[1], ARGV[2])
return before
`;

/** KEYS: claim. ARGV: value, life (ms). Returns 1 if it is new, and the value that the key has. */
export const CLAIM = `
if redis.call("SET", KEYS[1], ARGV[1], "NX", "PX", ARGV[2]) then return { 1, ARGV[1] } end
return { 0, redis.call("GET", KEYS[1]) }
`;

/** KEYS: claim. ARGV: beginning of the value. Deletes a key whose value begins so. */
export const RELEASE = `
local value = redis.call("GET", KEYS[1])
if value and string.sub(value, 1, #ARGV[1]) == ARGV[1] then redis.call("DEL", KEYS[1]) end
return 1
`;
