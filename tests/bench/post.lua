-- wrk -s post.lua URL -- BODY PAUSE_MS "Name: value"...
-- %ID% in the body becomes a number that rises. Each connection pauses up to twice PAUSE_MS at
-- random before each request. The last line says: requests, µs, faults, p50 and p99 in µs.
local next_id = 0

function init(args)
  local body, pause = args[1], tonumber(args[2])
  wrk.method = "POST"
  wrk.body = body
  for i = 3, #args do
    local name, value = args[i]:match("^([^:]+): (.*)$")
    wrk.headers[name] = value
  end
  if body:find("%ID%", 1, true) then
    request = function()
      next_id = next_id + 1
      return wrk.format(nil, nil, nil, (body:gsub("%%ID%%", tostring(next_id))))
    end
  end
  if pause > 0 then
    delay = function() return math.random(0, 2 * pause) end
  end
end

function done(summary, latency)
  local e = summary.errors
  local faults = e.connect + e.read + e.write + e.status + e.timeout
  io.write(string.format("FAULTS connect %d, read %d, write %d, status %d, timeout %d\n",
    e.connect, e.read, e.write, e.status, e.timeout))
  io.write(string.format("RESULT %d %d %d %d %d\n", summary.requests, summary.duration, faults,
    latency:percentile(50), latency:percentile(99)))
end
