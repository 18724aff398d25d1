/// The plugin as hosts see it, in any format: DPF on one side, performer and session on the other.
#include "DistrhoPlugin.hpp"
#include "DistrhoPluginUtils.hpp"

#include "farewell.hpp"
#include "performer.hpp"
#include "position.hpp"
#include "session.hpp"

#include <cstdlib>
#include <optional>

START_NAMESPACE_DISTRHO

class AntiphonPlugin : public Plugin {
public:
    AntiphonPlugin()
        : Plugin(antiphon::kParameters, 0, 0), performer_(exchange_), session_(exchange_),
          position_(getPluginFormatName()) {
        if (!alone()) return;
        farewell_.emplace(performer_);
        if (const char* const port = std::getenv("ANTIPHON_PORT"))
            exchange_.settings.set(antiphon::kPort, std::strtof(port, nullptr));
    }

protected:
    const char* getLabel() const override { return "antiphon"; }
    const char* getMaker() const override { return "Antiphon"; }
    const char* getLicense() const override { return "Apache-2.0"; }
    uint32_t getVersion() const override { return d_version(1, 0, 0); }

    int64_t getUniqueId() const override {
        return d_cconst('A', 'n', 't', DISTRHO_PLUGIN_IS_SYNTH ? 'I' : 'E');
    }

    const char* getDescription() const override {
        return "Plays with you: answers your phrases, or plays along. Needs the Antiphon engine.";
    }

    void initParameter(uint32_t index, Parameter& parameter) override {
        const antiphon::Description& row = antiphon::kTable[index];
        parameter.name = row.name;
        parameter.symbol = row.symbol;
        parameter.unit = row.unit;
        parameter.ranges = ParameterRanges(row.usual, row.least, row.most);
        parameter.hints = hints(row.kind);
        if (index == antiphon::kConnected) parameter.hints |= kParameterIsBoolean;
        if (row.choices) name_choices(row, parameter.enumValues);
        // DPF's standalone would take controller 0, a keyboard's bank select, for Mode.
        if (alone()) parameter.midiCC = kNoController;
    }

    float getParameterValue(uint32_t index) const override {
        switch (index) {
        case antiphon::kConnected: return exchange_.connected.load(std::memory_order_relaxed);
        case antiphon::kNotesReceived:
            return static_cast<float>(exchange_.notes_received.load(std::memory_order_relaxed));
        default: return exchange_.settings.get(index);
        }
    }

    void setParameterValue(uint32_t index, float value) override {
        const bool was_on = exchange_.settings.on(antiphon::kPanic);
        exchange_.settings.set(index, value);
        if (!was_on && exchange_.settings.on(antiphon::kPanic)) performer_.panic();
    }

    void activate() override { session_.start(); }

    /// Ends of what is down may never come; the next block, if there is one, tells of them.
    void deactivate() override { performer_.panic(); }

    void run(const float**, float** outputs, uint32_t frames, const MidiEvent* events,
             uint32_t count) override {
        for (int channel = 0; channel < DISTRHO_PLUGIN_NUM_OUTPUTS; ++channel)
            std::memset(outputs[channel], 0, frames * sizeof(float));
        const auto output = [this](uint32_t frame, const uint8_t* message, uint32_t size) {
            return writeMidiEvent(event(frame, message, size));
        };
        const double rate = getSampleRate();
        performer_.begin(position_.read(getTimePosition(), frames, rate), frames, rate);
        for (const MidiEvent* e = events; e != events + count; ++e)
            performer_.hear(e->frame, bytes(*e), e->size, output);
        performer_.end(output);
    }

private:
    static constexpr uint8_t kNoController = 0xff;

    /// Whether there is no host that could show or keep what is set.
    static bool alone() { return !std::strcmp(getPluginFormatName(), "JACK/Standalone"); }

    static const uint8_t* bytes(const MidiEvent& event) {
        return event.size > MidiEvent::kDataSize ? event.dataExt : event.data;
    }

    static uint32_t hints(antiphon::Kind kind) {
        switch (kind) {
        case antiphon::Kind::Number: return kParameterIsAutomatable;
        case antiphon::Kind::Switch: return kParameterIsAutomatable | kParameterIsBoolean;
        case antiphon::Kind::Output: return kParameterIsOutput | kParameterIsInteger;
        default: return kParameterIsAutomatable | kParameterIsInteger;
        }
    }

    static void name_choices(const antiphon::Description& row,
                             ParameterEnumerationValues& choices) {
        auto* const values = new ParameterEnumerationValue[row.choice_count()];
        for (uint32_t n = 0; n < row.choice_count(); ++n) {
            values[n].value = row.least + static_cast<float>(n);
            values[n].label = row.choices[n];
        }
        choices.count = static_cast<uint8_t>(row.choice_count());
        choices.restrictedMode = true;
        choices.values = values;
    }

    static MidiEvent event(uint32_t frame, const uint8_t* message, uint32_t size) {
        MidiEvent event{};
        event.frame = frame;
        event.size = size;
        if (size > MidiEvent::kDataSize)
            event.dataExt = message;
        else
            std::memcpy(event.data, message, size);
        return event;
    }

    antiphon::Exchange exchange_;
    antiphon::Performer performer_;
    antiphon::Session session_;
    antiphon::Position position_;
    std::optional<antiphon::Farewell> farewell_;

    DISTRHO_DECLARE_NON_COPYABLE_WITH_LEAK_DETECTOR(AntiphonPlugin)
};

Plugin* createPlugin() { return new AntiphonPlugin; }

END_NAMESPACE_DISTRHO
