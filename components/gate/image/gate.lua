-- Decides who serves a request, and holds writes.
--
-- The route is one small file on the tmpfs, replaced as a whole, so that a reload and an old worker that still serves a
-- connection see the same. Writes read it each time. Everything else uses the copy in memory, which `gate set` changes
-- at once; while a reload's old worker lives, each worker takes what the other was told within 2 ms. keeper.sh has it
-- on the volume, for a restart: this thread serves every request, and touches no disk.
--
-- Runtime commands: `gate show` answers the state as one line of JSON, counted over all workers; `gate set NAME=VALUE …`
-- changes primary (blue|green), views (blue|green), canary (percent, 0 to 100) and hold (milliseconds from now, 0
-- releases) in one step, on disk first. A hold ends by itself, so a tool that died leaves no wiki without writes.

local run = "/tmp/gate/"
local file = run .. "route"
local keep_ms = tonumber(os.getenv("KEEP_MS"))
local hold_max_ms = tonumber(os.getenv("HOLD_MAX_MS"))
local hold_max_requests = tonumber(os.getenv("HOLD_MAX_REQUESTS"))
local hold_max_body_bytes = tonumber(os.getenv("HOLD_MAX_BODY_BYTES"))
local hold_h2_body_ms = tonumber(os.getenv("HOLD_H2_BODY_MS"))
-- What of a body fits into HAProxy beside the longest headers.
local buffered_bytes = 8192
local upload_prefix = os.getenv("UPLOAD_PATH"):gsub("/+$", "") .. "/"

local function words(text)
  local list = {}
  for word in (text or ""):gmatch("[^,%s]+") do
    list[#list + 1] = word:lower()
  end
  return list
end

-- A title's spaces are underscores where it has no other form.
local session_pages = words(os.getenv("SESSION_PAGES"))
for i, name in ipairs(session_pages) do
  session_pages[i] = name:gsub("_", " ")
end
local session_cookies = {}
for _, name in ipairs(words(os.getenv("SESSION_COOKIES"))) do
  session_cookies[name] = true
end

local other = { blue = "green", green = "blue" }

local function now_ms()
  local now = core.now()
  return now.sec * 1000 + math.floor(now.usec / 1000)
end

local function encode(route)
  return string.format("%s %s %d %d\n", route.primary, route.views, route.canary, route.hold_until)
end

local function decode(text)
  local primary, views, canary, hold_until = text:match("^(%l+) (%l+) (%d+) (%d+)\n$")
  if not (primary and other[primary] and other[views]) then
    return nil
  end
  return { primary = primary, views = views, canary = tonumber(canary), hold_until = tonumber(hold_until) }
end

local function read_all(path)
  local handle = io.open(path, "r")
  if not handle then
    return nil
  end
  local text = handle:read("a")
  handle:close()
  return text
end

local function load()
  return decode(read_all(file) or "")
end

local function exists(path)
  local handle = io.open(path, "r")
  if handle then
    handle:close()
  end
  return handle ~= nil
end

local current = load()
if not current then
  error("GATE_STATE: " .. file .. " is missing or damaged: start the container again")
end

-- Held requests by the time they last looked. One that ends while it is held is taken out by `forget`, or in the end
-- because it looks no more.
local waiting, held, next_ticket = {}, 0, 0
-- The most that were held at once since nothing was.
local held_at_most = 0

local function wait_on(ticket)
  if not waiting[ticket] then
    held = held + 1
    held_at_most = math.max(held_at_most, held)
  end
  waiting[ticket] = now_ms()
end

local function forget(ticket)
  if waiting[ticket] then
    waiting[ticket] = nil
    held = held - 1
    if held == 0 then
      held_at_most = 0
    end
  end
end

local function forget_the_lost()
  local now = now_ms()
  for ticket, seen in pairs(waiting) do
    if now - seen > 1000 then
      forget(ticket)
    end
  end
end

local function writes(side)
  return core.proxies["write_" .. side]:get_stats().scur
end

-- A reload leaves the old worker to end what it has begun, so what is held and in flight is the sum over all workers.
-- They tell each other by files on the tmpfs, as long as there is more than one of them.
local pid, dead = nil, {}

local function other_workers()
  local found
  for other_pid in (read_all(run .. "workers") or ""):gmatch("%d+") do
    if other_pid ~= pid and not dead[other_pid] then
      if exists("/proc/" .. other_pid .. "/stat") then
        found = found or {}
        found[#found + 1] = other_pid
      else
        dead[other_pid] = true
        os.remove(run .. "worker." .. other_pid)
      end
    end
  end
  return found
end

local function report_of(other_pid)
  local number, count, blue, green = (read_all(run .. "worker." .. other_pid) or ""):match("^(%d+) (%d+) (%d+) (%d+)\n$")
  if number then
    return { number = tonumber(number), held = tonumber(count), blue = tonumber(blue), green = tonumber(green) }
  end
end

core.register_task(function()
  pid = tostring(core.get_info().Pid)
  local list = io.open(run .. "workers", "a")
  list:write(pid, "\n")
  list:close()
  local number = 0
  while true do
    if other_workers() then
      current = load() or current
      forget_the_lost()
      number = number + 1
      local report = io.open(run .. "worker." .. pid, "w")
      if report then
        report:write(string.format("%d %d %d %d\n", number, held, writes("blue"), writes("green")))
        report:close()
      end
      core.msleep(2)
    else
      core.msleep(20)
    end
  end
end)

-- Open for reading, too: opening a pipe that nobody reads for writing alone would wait.
local function order(job, route)
  local pipe, problem = io.open(run .. "orders", "r+")
  if not pipe then
    return problem
  end
  pipe:write(pid, " ", job, " ", encode(route))
  pipe:close()
end

local jobs, changing = 0, false

-- Answers an error text, or nothing when the volume has it.
local function write_to_volume(route)
  jobs = jobs + 1
  local ends, job = now_ms() + keep_ms, jobs
  local problem = order(job, route)
  while not problem do
    local answered, result = (read_all(run .. "answer." .. pid) or ""):match("^(%d+) (%l+)\n$")
    if tonumber(answered) == job then
      return result ~= "ok" and "the volume /state can't be written" or nil
    end
    if now_ms() > ends then
      -- Should it come to the disk after all, what is in force comes after it.
      jobs = jobs + 1
      order(jobs, current)
      return "not on the volume /state after " .. keep_ms .. " ms: its disk hangs, or keeper.sh has ended (then start the container again)"
    end
    core.msleep(1)
  end
  return problem
end

-- Answers an error text, or nothing when the route is on the volume and in force.
local function put(route)
  local copy = file .. "." .. pid
  local handle, problem = io.open(copy, "w")
  if not handle then
    return problem
  end
  local written, write_problem = handle:write(encode(route))
  local closed, close_problem = handle:close()
  problem = not (written and closed) and (write_problem or close_problem) or write_to_volume(route)
  if problem then
    return problem
  end
  local renamed, rename_problem = os.rename(copy, file)
  if not renamed then
    return rename_problem
  end
  current = route
end

-- What all workers hold and have in flight. Another worker's report counts from the second one on: the first may have
-- been begun before we asked. Answers an error text when a worker stays silent.
local function count_all()
  forget_the_lost()
  local total = { held = held, blue = 0, green = 0 }
  for _, other_pid in ipairs(other_workers() or {}) do
    local before = report_of(other_pid)
    local wanted, asked = (before and before.number or 0) + 2, now_ms()
    while true do
      local report = report_of(other_pid)
      if report and report.number >= wanted then
        total.held, total.blue, total.green = total.held + report.held, total.blue + report.blue, total.green + report.green
        break
      end
      if not exists("/proc/" .. other_pid .. "/stat") then
        break
      end
      if now_ms() - asked > 1000 then
        return nil, "worker " .. other_pid .. " does not say what it has in flight"
      end
      core.msleep(1)
    end
  end
  -- Last and without a pause after it, so that this worker's figures are of the moment of the answer.
  total.blue, total.green = total.blue + writes("blue"), total.green + writes("green")
  return total
end

local function has_session(txn)
  local headers = txn.http:req_get_headers()
  if headers["authorization"] then
    return true
  end
  local cookies = headers["cookie"]
  if not cookies then
    return false
  end
  for _, line in pairs(cookies) do
    for name, value in line:gmatch("([^=;%s]+)=([^;]*)") do
      name = name:lower()
      if value ~= "" and value ~= "deleted" then
        if session_cookies[name] or name:match("session$") or name:match("userid$") or name:match("token$") then
          return true
        end
      end
    end
  end
  return false
end

local function unescaped(text)
  return (text:gsub("%%(%x%x)", function(hex)
    return string.char(tonumber(hex, 16))
  end):lower())
end

local function is_write(method, path, query)
  if method ~= "GET" and method ~= "HEAD" and method ~= "OPTIONS" then
    return true
  end
  local where, asked = unescaped(path), "&" .. unescaped(query) .. "&"
  if where:match("/api%.php$") then
    local meta = asked:match("&meta=([^&]*)&")
    return meta ~= nil and (meta:find("tokens", 1, true) ~= nil or meta:find("authmanagerinfo", 1, true) ~= nil)
  end
  if asked:find("&action=edit&", 1, true) or asked:find("&action=submit&", 1, true) then
    return true
  end
  local page = (where .. asked):gsub("[_+]", " ")
  for _, name in ipairs(session_pages) do
    if page:find(name, 1, true) then
      return true
    end
  end
  return false
end

local function is_up(side)
  local proxy = core.proxies["health_" .. side]
  return proxy.servers[side]:get_stats().status:match("^UP") ~= nil
end

local function is_held()
  return now_ms() < current.hold_until
end

-- For how long this request may be held, in milliseconds; 0: not at all.
local function patience_ms(txn)
  if held >= hold_max_requests then
    forget_the_lost()
    if held >= hold_max_requests then
      return 0
    end
  end
  local body_bytes = tonumber(txn.sf:req_fhdr("content-length")) or nil
  if body_bytes and body_bytes > hold_max_body_bytes then
    return 0
  end
  -- HAProxy 2.6 opens a stream's window again before the stream has been read, and reads no frame of the connection
  -- while one stream's buffer is full (mux_h2.c, H2_CF_DEM_SFULL). So a long body that waits makes the page views of
  -- its connection wait too.
  if txn.f:fc_http_major() == 2 and (not body_bytes or body_bytes > buffered_bytes) then
    return math.min(hold_max_ms, hold_h2_body_ms)
  end
  return hold_max_ms
end

-- Held requests continue one by one, `turn_ms` apart, or less where they would not all have gone within `turns_ms`. All
-- at once, they would take a small machine's processors, and page views would wait.
local turn_ms, turns_ms = 3, 250
local last_turn = 0

-- Time until the turn of a held request, in milliseconds.
local function until_turn_ms()
  local now = now_ms()
  last_turn = math.max(last_turn + math.min(turn_ms, turns_ms / held_at_most), now)
  -- A clock that was set back must not keep them.
  last_turn = math.min(last_turn, now + turns_ms)
  return math.ceil(last_turn - now)
end

-- Waits for the end of the hold; answers false when this request may not wait, or not as long.
local function wait_for_release(txn)
  local ends = now_ms() + patience_ms(txn)
  if now_ms() >= ends then
    return false
  end
  next_ticket = next_ticket + 1
  local ticket = next_ticket
  txn:set_var("txn.ticket", ticket)
  while is_held() do
    if now_ms() >= ends then
      forget(ticket)
      return false
    end
    wait_on(ticket)
    -- By chance, so that together they look once a millisecond, however many they are.
    core.msleep(math.random(1, math.min(2 * held, 250)))
  end
  local wait_ms = until_turn_ms()
  if wait_ms > 0 then
    core.msleep(wait_ms)
  end
  forget(ticket)
  return true
end

-- For a request that HAProxy broke off while it was held.
core.register_action("forget", { "http-req" }, function(txn)
  forget(txn:get_var("txn.ticket"))
end)

core.register_action("route", { "http-req" }, function(txn)
  local method, path, query = txn.sf:method(), txn.sf:path(), txn.sf:query()
  if is_write(method, path, query) then
    repeat
      current = load() or current
      if is_held() and not wait_for_release(txn) then
        return
      end
    until not is_held()
    txn:set_var("txn.backend", "write_" .. current.primary)
    return
  end
  if path:sub(1, #upload_prefix) == upload_prefix then
    txn:set_var("txn.backend", "upload")
    return
  end
  if has_session(txn) then
    txn:set_var("txn.backend", "view_" .. current.primary)
    return
  end
  local side = current.views
  if current.canary > 0 then
    -- The same reader gets the same page from the same side. The page is part of it because many readers can stand
    -- behind one address, and a few readers should still be split evenly.
    local who = table.concat({ txn.sf:src(), txn.sf:req_fhdr("x-forwarded-for"), txn.sf:req_fhdr("user-agent"), path, query }, " ")
    if txn.c:crc32(who, 1) % 100 < current.canary and is_up(other[side]) then
      side = other[side]
    end
  end
  txn:set_var("txn.backend", "view_" .. side)
end)

-- First attempts, by the request's number. Two generations, so that what never had a second attempt is forgotten.
local attempted, attempted_before, swapped_at = {}, {}, now_ms()

core.register_action("upload", { "http-req" }, function(txn)
  local number = txn.sf:req_fhdr("x-wikiferry-upload")
  local side = current.primary
  if attempted[number] or attempted_before[number] then
    attempted[number] = nil
    attempted_before[number] = nil
    if is_up(other[side]) then
      side = other[side]
    end
  else
    if now_ms() - swapped_at > 30000 then
      attempted, attempted_before, swapped_at = {}, attempted, now_ms()
    end
    attempted[number] = true
  end
  txn:set_var("txn.backend", "view_" .. side)
end)

local function answer(applet, text)
  applet:send(text .. "\n")
end

local function show(applet)
  local total, problem = count_all()
  if not total then
    return answer(applet, "error " .. problem)
  end
  local info = core.get_info()
  answer(applet, string.format(
    '{"primary":"%s","views":"%s","canary":%d,"holdMs":%d,"held":%d,"writes":{"blue":%d,"green":%d},"up":{"blue":%s,"green":%s},"pid":%d,"stopping":%s}',
    current.primary, current.views, current.canary, math.max(0, current.hold_until - now_ms()), total.held,
    total.blue, total.green, tostring(is_up("blue")), tostring(is_up("green")),
    info.Pid, tostring(info.Stopping ~= 0 and info.Stopping ~= "0")
  ))
end

core.register_cli({ "gate", "login" }, "gate login PASSWORD", function(applet)
  answer(applet, "ok")
end)

core.register_cli({ "gate", "show" }, "gate show", function(applet)
  current = load() or current
  show(applet)
end)

-- What is wanted, from the words of a command; or nothing, and an error text.
local function changed(words_of_command)
  local wanted = load()
  if not wanted then
    return nil, file .. " can't be read or is damaged"
  end
  for _, word in ipairs(words_of_command) do
    local name, value = word:match("^(%l+)=(%w+)$")
    local number = tonumber(value)
    if (name == "primary" or name == "views") and other[value] then
      wanted[name] = value
    elseif name == "canary" and number and number % 1 == 0 and number <= 100 then
      wanted.canary = number
    elseif name == "hold" and number and number % 1 == 0 and number <= 600000 then
      wanted.hold_until = number == 0 and 0 or now_ms() + number
    elseif word ~= "gate" and word ~= "set" and word ~= "" then
      return nil, "can't understand " .. word
    end
  end
  return wanted
end

core.register_cli({ "gate", "set" }, "gate set [primary=SIDE] [views=SIDE] [canary=PERCENT] [hold=MS]", function(applet, ...)
  local given, done, problem = { ... }, false, nil
  -- In a task of its own, which outlives the one who asks: what has gone to the volume must come into force, too.
  core.register_task(function()
    while changing do
      core.msleep(1)
    end
    changing = true
    local wanted
    wanted, problem = changed(given)
    if wanted then
      problem = put(wanted)
    end
    changing, done = false, true
  end)
  while not done do
    core.msleep(1)
  end
  if problem then
    return answer(applet, "error " .. problem)
  end
  show(applet)
end)
