-- wrk -s flood.lua URL -- PREFIX: a name that nobody has ever asked for in each request.
local threads, prefix, sent = 0, "", 0

function setup(thread)
  threads = threads + 1
  thread:set("number", threads)
end

function init(arguments)
  prefix = arguments[1]
end

function request()
  sent = sent + 1
  return wrk.format("GET", nil, {["X-Forwarded-Host"] = string.format("%s-%d-%d.example.com", prefix, number, sent)})
end
