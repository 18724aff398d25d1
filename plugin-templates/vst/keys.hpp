/// Which keys of which MIDI channels are down.
#pragma once

#include <bitset>

namespace antiphon {

class Keys {
public:
    void strike(int channel, int key) { down_.set(at(channel, key)); }
    void let_go(int channel, int key) { down_.reset(at(channel, key)); }
    void let_go_of_all() { down_.reset(); }
    void let_go_of_all(int channel) {
        for (int key = 0; key < 128; ++key) let_go(channel, key);
    }
    bool down(int channel, int key) const { return down_.test(at(channel, key)); }
    bool any() const { return down_.any(); }
    bool any(int channel) const {
        for (int key = 0; key < 128; ++key)
            if (down(channel, key)) return true;
        return false;
    }

private:
    static size_t at(int channel, int key) { return static_cast<size_t>(128 * channel + key); }

    std::bitset<16 * 128> down_;
};

}  // namespace antiphon
