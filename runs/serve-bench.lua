-- Requests of varied lengths for wrk: 5 to 120 words, many short and few long, the same in the same order for every server.
-- Prints one line of JSON at the end.
local words = {
  "the", "river", "carries", "old", "stones", "past", "a", "mill", "and", "nobody", "counts", "them", "while", "rain",
  "falls", "on", "quiet", "fields", "where", "horses", "stand", "under", "tall", "trees", "in", "winter", "people", "write",
  "letters", "about", "summer", "music", "science", "history", "water", "light", "city", "river", "government", "language",
}
local bodies, turn = {}, 0
local state = 1
local function below(bound)
  state = (state * 1103515245 + 12345) % 2147483648
  return math.floor(state / 65536) % bound
end
for request = 1, 256 do
  local length = math.floor(5 * (24 ^ (below(1000) / 1000)))
  local text = {}
  for place = 1, length do text[place] = words[1 + below(#words)] end
  local mask = 1 + below(length)
  if wrk.path == "/v1/fill-mask" then text[mask] = "[MASK]" end
  bodies[request] = '{"text": "' .. table.concat(text, " ") .. '."}'
end

wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"

function request()
  turn = turn % #bodies + 1
  return wrk.format(nil, nil, nil, bodies[turn])
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests": %d, "seconds": %.3f, "per_second": %.1f, "p50_ms": %.2f, "p99_ms": %.2f, "errors": %d}\n',
    summary.requests, summary.duration / 1e6, summary.requests / (summary.duration / 1e6),
    latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
