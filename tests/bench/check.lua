-- Checks every answer's status and body (and that a write sets a cookie), and prints
-- requests, seconds, the 99th percentile of the latency in milliseconds, and how many answers were wrong.
-- With the body "-", bodies are not checked, which takes wrk half of its time; it still counts statuses of 400 and more.
local threads = {}

function setup(thread)
   table.insert(threads, thread)
end

local function check(status, headers, body)
   local cookie = false
   for name in pairs(headers) do
      cookie = cookie or name:lower() == "set-cookie"
   end
   if status ~= 200 or body ~= body_wanted or (cookie_wanted and not cookie) then
      wrong = wrong + 1
   end
end

function init(words)
   body_wanted = words[1]
   cookie_wanted = words[2] == "cookie"
   wrong = 0
   wrk.method = words[3]
   if body_wanted ~= "-" then
      response = check
   end
end

function done(summary, latency)
   local e = summary.errors
   local all = e.connect + e.read + e.write + e.timeout + e.status
   for _, thread in ipairs(threads) do
      all = all + thread:get("wrong")
   end
   io.write(string.format("%d %f %f %d\n", summary.requests, summary.duration / 1e6,
      latency:percentile(99) / 1e3, all))
end
