ardour {
	["type"]    = "SessionInit",
	name        = "Antiphon: play and be answered",
	license     = "Apache-2.0",
	author      = "Antiphon",
	description = [[
Three tracks: what you play, Antiphon, and what it answers.
Your keyboard goes to the first two; the answers go to the third. The first and the third are armed
and have a synth each, so you hear and record both.]]
}

function factory () return function ()
	local SYNTH = "https://community.ardour.org/node/7596" -- comes with Ardour
	local FORMATS = { ARDOUR.PluginType.LV2, ARDOUR.PluginType.VST3 } -- as preferred
	local KEYBOARDS = ARDOUR.PortFlags.IsOutput | ARDOUR.PortFlags.IsPhysical
	local MIDI = ARDOUR.DataType ("midi")

	local function new_antiphon ()
		for _, format in ipairs (FORMATS) do
			for plugin in ARDOUR.LuaAPI.list_plugins ():iter () do
				if plugin.name == "Antiphon" and plugin.type == format then
					return ARDOUR.LuaAPI.new_plugin (Session, plugin.unique_id, format, "")
				end
			end
		end
	end

	local function new_synth ()
		return ARDOUR.LuaAPI.new_plugin (Session, SYNTH, ARDOUR.PluginType.LV2, "")
	end

	local function set (processor, label, value)
		local plugin, n = processor:to_insert ():plugin (0), 0
		for port = 0, plugin:parameter_count () - 1 do
			if plugin:parameter_is_control (port) then
				if plugin:parameter_label (port) == label then
					return ARDOUR.LuaAPI.set_processor_param (processor, n, value)
				end
				n = n + 1
			end
		end
	end

	local function add_track (name, processor)
		local one = ARDOUR.ChanCount (MIDI, 1)
		local tracks = Session:new_midi_track (one, one, false, ARDOUR.PluginInfo (), nil, nil, 1, name,
			ARDOUR.PresentationInfo.max_order, ARDOUR.TrackMode.Normal, true, false)
		local track = tracks:front ()
		track:add_processor_by_index (processor, 0, nil, true)
		track:input ():disconnect_all (nil)
		track:to_track ():to_midi_track ():set_input_active (true)
		return track
	end

	local function listen_to_keyboards (track)
		local port = track:input ():midi (0)
		local _, found = Session:engine ():get_backend_ports ("", MIDI, KEYBOARDS, C.StringVector ())
		for keyboard in found[4]:iter () do port:connect (keyboard) end
		port:connect ("x-virtual-keyboard") -- Ardour's own
	end

	local function arm (track)
		track:rec_enable_control ():set_value (1, PBD.GroupControlDisposition.NoGroup)
	end

	local function hear (track)
		track:monitoring_control ():set_value (1, PBD.GroupControlDisposition.NoGroup)
	end

	local partner = new_antiphon ()
	if not partner then
		local advice = "Ardour has not found it. Run `antiphon plugin install`, then Window > Plugin Manager, Discover New/Updated."
		LuaDialog.Message ("Antiphon", advice, LuaDialog.MessageType.Error, LuaDialog.ButtonType.Close):run ()
		return
	end
	local you = add_track ("You", new_synth ())
	local antiphon = add_track ("Antiphon", partner)
	local answers = add_track ("Answers", new_synth ())
	set (partner, "Thru", 0) -- your own notes are on your own track
	listen_to_keyboards (you)
	listen_to_keyboards (antiphon)
	answers:input ():midi (0):connect (antiphon:output ():midi (0):name ())
	hear (antiphon)
	arm (you)
	arm (answers)
	Session:save_state ("")
end end
