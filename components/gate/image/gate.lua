-- Decides who serves a request, and holds writes.
--
-- The route is one small file on the volume, replaced as a whole, so that a reload, a restart and an old worker that
-- still serves a connection all see the same. Writes read it each time; views use a copy that is 20 ms old at most.
--
-- Runtime commands: `gate show` answers the state as one line of JSON; `gate set NAME=VALUE …` changes primary
-- (blue|green), views (blue|green), canary (percent, 0 to 100) and hold (milliseconds from now, 0 releases) in one
-- step, on disk first. A hold ends by itself, so a tool that died leaves no wiki without writes.

local file = "/state/route"
local hold_max_ms = tonumber(os.getenv("HOLD_MAX_MS"))
local upload_prefix = os.getenv("UPLOAD_PATH"):gsub("/+$", "") .. "/"

local function words(text)
  local list = {}
  for word in (text or ""):gmatch("[^,%s]+") do
    list[#list + 1] = word:lower()
  end
  return list
end

local session_pages = words(os.getenv("SESSION_PAGES"))
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
  return string.format("primary %s\nviews %s\ncanary %d\nhold_until %d\n", route.primary, route.views, route.canary, route.hold_until)
end

local function decode(text)
  local primary, views, canary, hold_until = text:match("^primary (%l+)\nviews (%l+)\ncanary (%d+)\nhold_until (%d+)\n$")
  if not (primary and other[primary] and other[views]) then
    return nil
  end
  return { primary = primary, views = views, canary = tonumber(canary), hold_until = tonumber(hold_until) }
end

local function load()
  local handle = io.open(file, "r")
  if not handle then
    return nil
  end
  local text = handle:read("a")
  handle:close()
  return decode(text or "")
end

-- Answers an error text, or nothing when it is on disk.
local function save(route)
  local handle, problem = io.open(file .. ".new", "w")
  if not handle then
    return problem
  end
  local text = encode(route)
  local written, write_problem = handle:write(text)
  local closed, close_problem = handle:close()
  if not written or not closed then
    return write_problem or close_problem
  end
  local renamed, rename_problem = os.rename(file .. ".new", file)
  if not renamed then
    return rename_problem
  end
end

local function exists(path)
  local handle = io.open(path, "r")
  if handle then
    handle:close()
  end
  return handle ~= nil
end

if not exists(file) then
  local primary = os.getenv("PRIMARY")
  local problem = save({ primary = primary, views = primary, canary = 0, hold_until = 0 })
  if problem then
    error("GATE_STATE: can't write " .. file .. ": " .. problem)
  end
end
local current = load()
if not current then
  error("GATE_STATE: " .. file .. " is damaged: remove it, then set the route again with `pulumi up`")
end

core.register_task(function()
  while true do
    core.msleep(20)
    current = load() or current
  end
end)

-- Held requests by the time they last looked: one whose client went away stops looking and is forgotten.
local waiting = {}
local next_ticket = 0

local function count_waiting()
  local count, now = 0, now_ms()
  for ticket, seen in pairs(waiting) do
    if now - seen > 500 then
      waiting[ticket] = nil
    else
      count = count + 1
    end
  end
  return count
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
  local page = (where .. asked):gsub("_", " ")
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

-- Waits for the end of the hold; answers false when it took too long.
local function wait_for_release()
  next_ticket = next_ticket + 1
  local ticket, started = next_ticket, now_ms()
  local now = started
  while now < current.hold_until do
    if now - started >= hold_max_ms then
      waiting[ticket] = nil
      return false
    end
    waiting[ticket] = now
    core.msleep(now - started < 1000 and 4 or 20)
    now = now_ms()
  end
  waiting[ticket] = nil
  return true
end

core.register_action("route", { "http-req" }, function(txn)
  local method, path, query = txn.sf:method(), txn.sf:path(), txn.sf:query()
  if is_write(method, path, query) then
    repeat
      current = load() or current
      if now_ms() < current.hold_until and not wait_for_release() then
        txn:set_var("txn.refused", true)
        return
      end
    until now_ms() >= current.hold_until
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

local function show()
  local info = core.get_info()
  local function writes(side)
    return core.proxies["write_" .. side]:get_stats().scur
  end
  return string.format(
    '{"primary":"%s","views":"%s","canary":%d,"holdMs":%d,"held":%d,"writes":{"blue":%d,"green":%d},"up":{"blue":%s,"green":%s},"pid":%d,"stopping":%s}',
    current.primary, current.views, current.canary, math.max(0, current.hold_until - now_ms()), count_waiting(),
    writes("blue"), writes("green"), tostring(is_up("blue")), tostring(is_up("green")),
    info.Pid, tostring(info.Stopping ~= 0 and info.Stopping ~= "0")
  )
end

core.register_cli({ "gate", "login" }, "gate login PASSWORD", function(applet)
  answer(applet, "ok")
end)

core.register_cli({ "gate", "show" }, "gate show", function(applet)
  current = load() or current
  answer(applet, show())
end)

core.register_cli({ "gate", "set" }, "gate set [primary=SIDE] [views=SIDE] [canary=PERCENT] [hold=MS]", function(applet, ...)
  local wanted = load()
  if not wanted then
    return answer(applet, "error " .. file .. " can't be read or is damaged")
  end
  for _, word in ipairs({ ... }) do
    local name, value = word:match("^(%l+)=(%w+)$")
    local number = tonumber(value)
    if (name == "primary" or name == "views") and other[value] then
      wanted[name] = value
    elseif name == "canary" and number and number % 1 == 0 and number <= 100 then
      wanted.canary = number
    elseif name == "hold" and number and number % 1 == 0 and number <= 600000 then
      wanted.hold_until = number == 0 and 0 or now_ms() + number
    elseif word ~= "gate" and word ~= "set" and word ~= "" then
      return answer(applet, "error can't understand " .. word)
    end
  end
  local problem = save(wanted)
  if problem then
    return answer(applet, "error can't write " .. file .. ": " .. problem)
  end
  current = wanted
  answer(applet, show())
end)
