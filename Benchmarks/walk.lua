-- wrk -s walk.lua URL -- FILE HEADER
--
-- Sends the host names in FILE in HEADER, each thread from the first to the last and again. Prints at the end what
-- wrk.py reads: requests, and in microseconds the duration, the median and the 99th percentile; refusals; failures.
local requests, position = {}, 0

function init(arguments)
  for host in io.lines(arguments[1]) do
    requests[#requests + 1] = wrk.format("GET", nil, {[arguments[2]] = host})
  end
end

function request()
  position = position % #requests + 1
  return requests[position]
end

function done(summary, latency)
  local failures = summary.errors
  print(string.format(
    "result %d %d %d %d %d %d", summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    failures.status, failures.connect + failures.read + failures.write + failures.timeout))
end
