-- wrk.lua - sends the requests of a file in turn, and prints what came of them as one line of JSON.
-- wrk ... -s wrk.lua URL -- FILE; the file has lines "METHOD<tab>PATH<tab>BODY".

local threads = {}

function setup(thread)
   thread:set("number", #threads)
   table.insert(threads, thread)
end

function init(args)
   requests = {}
   for line in io.lines(args[1]) do
      local method, path, body = line:match("^(%u+)\t([^\t]+)\t(.*)$")
      table.insert(requests, {method = method, path = path, body = body})
   end
   -- Threads begin at different places, and never write the same value.
   place = math.floor(#requests * number / 16)
   value = os.time() % 1000000 * 1000000 + number * 100000
   counts = ""
   seen = {}
   headers = {["Content-Type"] = "application/json"}
end

function request()
   place = place % #requests + 1
   local one = requests[place]
   if one.body == "" then
      return wrk.format(one.method, one.path)
   end
   value = value + 1
   local body = one.body:gsub("{number}", string.format("%.0f", value))
   return wrk.format(one.method, one.path, headers, body)
end

function response(status)
   seen[status] = (seen[status] or 0) + 1
end

function done(summary, latency)
   local statuses, parts, histogram = {}, {}, {}
   for _, thread in ipairs(threads) do
      for status, count in pairs(thread:get("seen")) do
         statuses[status] = (statuses[status] or 0) + count
      end
   end
   for status, count in pairs(statuses) do
      table.insert(parts, string.format('"%d":%d', status, count))
   end
   for i = 1, #latency do
      local microseconds, count = latency(i)
      table.insert(histogram, string.format("[%d,%d]", microseconds, count))
   end
   local errors = summary.errors
   io.write(string.format(
      'JSON {"seconds":%.3f,"noAnswer":%d,"statuses":{%s},"histogram":[%s]}\n',
      summary.duration / 1e6, errors.connect + errors.read + errors.write + errors.timeout,
      table.concat(parts, ","), table.concat(histogram, ",")))
end
