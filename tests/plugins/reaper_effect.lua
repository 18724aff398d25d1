--- Runs a JSFX without sound: as much of its language, EEL2, as `antiphon_live.jsfx` is written in.
--
-- What it parses becomes closures. `effect.vars` are its variables, those that Reaper sets among
-- them; `received` is what it is to hear, `sent` what it has sent, each {offset, status, data1, data2}.

local Effect = {}
Effect.__index = Effect

local BINARY = { -- from loose to tight
  { "||", "&&" }, { "==", "!=", "<=", ">=", "<", ">" }, { "|", "&" }, { "+", "-" }, { "*", "/" }, { "%" },
}
local TOKENS = {
  "^%$x%x+", "^%d+%.?%d*", "^[%a_][%w_]*", "^||", "^&&", "^[=!<>]=", "^%+=", "^%p",
}

local function number(condition) return condition and 1 or 0 end
local function true_(value) return math.abs(value) > 1e-5 end
local function int(value) return math.tointeger(value // 1) end

local COMPUTE = {
  ["=="] = function(a, b) return number(math.abs(a - b) < 1e-5) end,
  ["!="] = function(a, b) return number(math.abs(a - b) >= 1e-5) end,
  ["<="] = function(a, b) return number(a <= b) end,
  [">="] = function(a, b) return number(a >= b) end,
  ["<"] = function(a, b) return number(a < b) end,
  [">"] = function(a, b) return number(a > b) end,
  ["|"] = function(a, b) return int(a) | int(b) end,
  ["&"] = function(a, b) return int(a) & int(b) end,
  ["+"] = function(a, b) return a + b end,
  ["-"] = function(a, b) return a - b end,
  ["*"] = function(a, b) return a * b end,
  ["/"] = function(a, b) return a / b end,
  ["%"] = function(a, b) return int(a) % int(b) end,
}

local function tokens_of(code)
  local tokens, at = {}, 1
  code = code:gsub("//[^\n]*", "")
  while true do
    at = code:find("%S", at)
    if not at then return tokens end
    local token
    for _, pattern in ipairs(TOKENS) do
      token = token or code:match(pattern, at)
    end
    tokens[#tokens + 1] = assert(token, code:sub(at, at + 20))
    at = at + #token
  end
end

-- The parser: each function returns a closure, and what can be assigned to another that does it.

local Parser = {}
Parser.__index = Parser

function Parser:next()
  self.at = self.at + 1
  return self.tokens[self.at - 1]
end

function Parser:take(token)
  local found = self.tokens[self.at] == token
  if found then self.at = self.at + 1 end
  return found
end

function Parser:expect(token)
  if not self:take(token) then error(("%s for %s"):format(self.tokens[self.at], token)) end
end

--- Expressions one after the other; the last one's value is theirs.
function Parser:sequence()
  local steps = {}
  while self.tokens[self.at] and not (")],"):find(self.tokens[self.at], 1, true) do
    if not self:take(";") then steps[#steps + 1] = self:expression() end
  end
  return function()
    local value = 0
    for _, step in ipairs(steps) do value = step() end
    return value
  end
end

function Parser:expression()
  local left, assign = self:binary(1)
  if assign and self:take("=") then
    local right = self:expression()
    return function() return assign(right()) end
  elseif assign and self:take("+=") then
    local right = self:expression()
    return function() return assign(left() + right()) end
  elseif self:take("?") then
    local yes = self:expression()
    local no = self:take(":") and self:expression() or function() return 0 end
    return function()
      if true_(left()) then return yes() end
      return no()
    end
  end
  return left, assign
end

function Parser:operator(level)
  for _, operator in ipairs(BINARY[level]) do
    if self:take(operator) then return operator end
  end
end

function Parser:binary(level)
  if level > #BINARY then return self:unary() end
  local left, assign = self:binary(level + 1)
  for operator in function() return self:operator(level) end do
    local one, other, compute = left, self:binary(level + 1), COMPUTE[operator]
    assign = nil
    if operator == "||" then
      left = function() return number(true_(one()) or true_(other())) end
    elseif operator == "&&" then
      left = function() return number(true_(one()) and true_(other())) end
    else
      left = function() return compute(one(), other()) end
    end
  end
  return left, assign
end

function Parser:unary()
  if not self:take("!") then return self:primary() end
  local value = self:unary()
  return function() return number(not true_(value())) end
end

function Parser:primary()
  local token = self:next()
  if token == "(" then
    local inner = self:sequence()
    self:expect(")")
    return inner
  elseif token:find("^%$x") then
    return function() return tonumber(token:sub(3), 16) end
  elseif token:find("^%d") then
    return function() return tonumber(token) end
  elseif token == "function" then
    return self:definition()
  elseif self:take("(") then
    return self:call(token)
  end
  return self:variable(token)
end

function Parser:variable(name)
  local vars = self.effect.vars
  local key = self.scope[name] or name
  local function get() return vars[key] or 0 end
  if not self:take("[") then
    return get, function(value) vars[key] = value return value end
  end
  local index = self:sequence()
  self:expect("]")
  local memory = name == "gmem" and self.effect.gmem or self.effect.memory
  local function cell() return int((name == "gmem" and 0 or get()) + index()) end
  return function() return memory[cell()] or 0 end, function(value)
    memory[cell()] = value + 0.0
    return value
  end
end

--- `function name(a, b) local(c) (body)`
function Parser:definition()
  local name, parameters, scope = self:next(), {}, {}
  local function names(list)
    while not self:take(")") do
      local one = self:next()
      if one ~= "," then
        scope[one] = name .. "." .. one
        list[#list + 1] = scope[one]
      end
    end
  end
  self:expect("(")
  names(parameters)
  if self:take("local") then
    self:expect("(")
    names({})
  end
  self.scope = scope
  local body = self:primary()
  self.scope = {}
  self.effect.functions[name] = { parameters = parameters, body = body }
  return function() return 0 end
end

function Parser:call(name)
  local arguments, assigns = {}, {}
  while not self:take(")") do
    if not self:take(",") then
      local from = self.at
      arguments[#arguments + 1] = self:sequence()
      local plain = self.at == from + 1 and self.tokens[from]
      assigns[#assigns + 1] = plain and (self.scope[plain] or plain)
    end
  end
  if name == "while" then arguments[2] = self:primary() end
  local known = self.effect.functions[name]
  if known then return self:own(known, arguments) end
  local built_in = Effect[name] or error("EEL2 has no " .. name)
  return function() return built_in(self.effect, arguments, assigns) end
end

function Parser:own(known, arguments)
  local vars = self.effect.vars
  return function()
    local values = {}
    for i, argument in ipairs(arguments) do values[i] = argument() end
    for i, parameter in ipairs(known.parameters) do vars[parameter] = values[i] end
    return known.body()
  end
end

-- What EEL2 and Reaper bring along.

function Effect.loop(_, arguments)
  for _ = 1, arguments[1]() do arguments[2]() end
  return 0
end

Effect["while"] = function(_, arguments)
  while true_(arguments[1]()) do arguments[2]() end
  return 0
end

function Effect.midirecv(effect, _, names)
  local event = table.remove(effect.received, 1)
  for i, name in ipairs(names) do effect.vars[name] = event and event[i] or effect.vars[name] end
  return number(event)
end

function Effect.midisend(effect, arguments)
  local event = {}
  for i, argument in ipairs(arguments) do event[i] = int(argument()) end
  table.insert(effect.sent, event)
  return 0
end

function Effect.time_precise(effect) return effect.clock() end
function Effect.rand(_, arguments) return math.random() * arguments[1]() end
function Effect.abs(_, arguments) return math.abs(arguments[1]()) end
function Effect.floor(_, arguments) return math.floor(arguments[1]()) end
function Effect.min(_, arguments) return math.min(arguments[1](), arguments[2]()) end
function Effect.max(_, arguments) return math.max(arguments[1](), arguments[2]()) end

--- An effect from its text; `gmem` is shared memory, `clock` tells seconds.
function Effect.new(text, gmem, clock)
  local effect = setmetatable({
    gmem = gmem, clock = clock, memory = {}, functions = {}, received = {}, sent = {}, sections = {},
    vars = { srate = 48000, samplesblock = 512, tempo = 120, ts_num = 4, ts_denom = 4, play_state = 0 },
  }, Effect)
  for slider, value in text:gmatch("\n(slider%d):(%d)") do effect.vars[slider] = tonumber(value) end
  for name, code in (text .. "\n@"):gmatch("@(%l+)\n(.-)%f[@]") do
    local parser = setmetatable({ tokens = tokens_of(code), at = 1, scope = {}, effect = effect }, Parser)
    effect.sections[name] = parser:sequence()
    assert(parser.at > #parser.tokens, parser.tokens[parser.at])
  end
  effect.sections.init()
  return effect
end

--- Turn a slider, as a player does.
function Effect:turn(slider, value)
  self.vars[slider] = value
  self.sections.slider()
end

return Effect
