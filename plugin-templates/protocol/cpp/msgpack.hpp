/// Msgpack, written and read: just the kinds of value that the protocol uses.
///
/// Reading is for bytes from anybody: it goes past no end, nests at most 16 deep and keeps no
/// more values than it has bytes.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace antiphon {

struct Value;
using Array = std::vector<Value>;
using Map = std::vector<std::pair<std::string, Value>>;

/// Nothing, a truth, a number, a text, an array, or a map from texts.
struct Value : std::variant<std::nullptr_t, bool, int64_t, double, std::string, Array, Map> {
    using variant::variant;

    /// Pointer to what it holds if that is a T, else null.
    template <class T> const T* as() const { return std::get_if<T>(this); }
};

namespace msgpack {

constexpr int kDeepest = 16;

// How kinds are marked: a small count in the mark itself, or the count behind a mark of its own.
constexpr uint8_t kNil = 0xc0, kFalse = 0xc2, kTrue = 0xc3, kFloat32 = 0xca, kFloat64 = 0xcb;
constexpr uint8_t kUint8 = 0xcc, kInt8 = 0xd0, kStr8 = 0xd9, kArray16 = 0xdc, kMap16 = 0xde;
constexpr uint8_t kFixMap = 0x80, kFixArray = 0x90, kFixStr = 0xa0, kNegative = 0xe0;

/// Appends values to bytes, each in its shortest form.
class Writer {
public:
    explicit Writer(std::string& out) : out_(out) {}

    void value(const Value& value) {
        std::visit([this](const auto& held) { write(held); }, value);
    }

private:
    void write(std::nullptr_t) { byte(kNil); }
    void write(bool truth) { byte(truth ? kTrue : kFalse); }

    void write(int64_t number) {
        if (number >= -32 && number < 128)
            byte(static_cast<uint8_t>(number));
        else if (number >= 0)
            sized(kUint8, width(static_cast<uint64_t>(number)), static_cast<uint64_t>(number));
        else
            sized(kInt8, signed_width(number), static_cast<uint64_t>(number));
    }

    void write(double number) {
        uint64_t bits;
        std::memcpy(&bits, &number, sizeof bits);
        byte(kFloat64);
        big_endian(bits, 8);
    }

    void write(const std::string& text) {
        if (text.size() < 32)
            byte(static_cast<uint8_t>(kFixStr + text.size()));
        else
            sized(kStr8, width(text.size()), text.size());
        out_ += text;
    }

    void write(const Array& array) {
        count(array.size(), kFixArray, kArray16);
        for (const Value& entry : array) value(entry);
    }

    void write(const Map& map) {
        count(map.size(), kFixMap, kMap16);
        for (const auto& [key, entry] : map) {
            write(key);
            value(entry);
        }
    }

    void count(size_t size, uint8_t fix, uint8_t wide) {
        if (size < 16)
            byte(static_cast<uint8_t>(fix + size));
        else if (size < 0x10000)
            sized_as(wide, 2, size);
        else
            sized_as(static_cast<uint8_t>(wide + 1), 4, size);
    }

    /// A mark that stands 0 to 3 places behind the first of its kind, by the width of its number.
    void sized(uint8_t first, int bytes, uint64_t number) {
        const int place = bytes == 1 ? 0 : bytes == 2 ? 1 : bytes == 4 ? 2 : 3;
        sized_as(static_cast<uint8_t>(first + place), bytes, number);
    }

    void sized_as(uint8_t mark, int bytes, uint64_t number) {
        byte(mark);
        big_endian(number, bytes);
    }

    void big_endian(uint64_t number, int bytes) {
        for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
            byte(static_cast<uint8_t>(number >> shift));
    }

    void byte(uint8_t byte) { out_ += static_cast<char>(byte); }

    static int width(uint64_t number) {
        return number < 0x100 ? 1 : number < 0x10000 ? 2 : number <= 0xffffffff ? 4 : 8;
    }

    static int signed_width(int64_t number) {
        return number >= -0x80 ? 1 : number >= -0x8000 ? 2 : number >= -0x80000000LL ? 4 : 8;
    }

    std::string& out_;
};

/// Whether bytes are UTF-8 throughout, as texts must be.
inline bool is_utf8(std::string_view bytes) {
    size_t following = 0;
    for (const char c : bytes) {
        const auto byte = static_cast<uint8_t>(c);
        const bool continues = (byte & 0xc0) == 0x80;
        if (continues != (following > 0)) return false;
        if (continues)
            --following;
        else
            following = byte < 0x80 ? 0 : byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
        // Longer forms than needed begin with c0 or c1; nothing begins with f5 or more.
        if (byte == 0xc0 || byte == 0xc1 || byte > 0xf4) return false;
    }
    return following == 0;
}

/// Takes values from bytes; nothing once they make no sense.
class Reader {
public:
    explicit Reader(std::string_view bytes) : bytes_(bytes) {}

    bool at_end() const { return bytes_.empty(); }

    std::optional<Value> value(int depth = 0) {
        const auto mark = number(1);
        if (!mark) return {};
        const auto byte = static_cast<uint8_t>(*mark);
        if (byte < kFixMap) return Value(static_cast<int64_t>(byte));
        if (byte < kFixArray) return map(byte - kFixMap, depth);
        if (byte < kFixStr) return array(byte - kFixArray, depth);
        if (byte < kNil) return text(byte - kFixStr);
        if (byte >= kNegative) return Value(static_cast<int64_t>(static_cast<int8_t>(byte)));
        return marked(byte, depth);
    }

private:
    std::optional<Value> marked(uint8_t mark, int depth) {
        switch (mark) {
        case kNil: return Value(nullptr);
        case kFalse: return Value(false);
        case kTrue: return Value(true);
        case kFloat32: return real<float, uint32_t>();
        case kFloat64: return real<double, uint64_t>();
        case kUint8: case kUint8 + 1: case kUint8 + 2: case kUint8 + 3:
            return unsigned_integer(1 << (mark - kUint8));
        case kInt8: case kInt8 + 1: case kInt8 + 2: case kInt8 + 3:
            return signed_integer(1 << (mark - kInt8));
        case kStr8: case kStr8 + 1: case kStr8 + 2: return text(number(1 << (mark - kStr8)));
        case kArray16: case kArray16 + 1: return array(number(2 << (mark - kArray16)), depth);
        case kMap16: case kMap16 + 1: return map(number(2 << (mark - kMap16)), depth);
        default: return {};
        }
    }

    template <class Real, class Bits> std::optional<Value> real() {
        const auto raw = number(sizeof(Bits));
        if (!raw) return {};
        const auto bits = static_cast<Bits>(*raw);
        Real held;
        std::memcpy(&held, &bits, sizeof held);
        return Value(static_cast<double>(held));
    }

    std::optional<Value> unsigned_integer(int bytes) {
        const auto raw = number(bytes);
        if (!raw || *raw > INT64_MAX) return {};
        return Value(static_cast<int64_t>(*raw));
    }

    std::optional<Value> signed_integer(int bytes) {
        const auto raw = number(bytes);
        if (!raw) return {};
        const int spare = 64 - 8 * bytes;
        return Value(static_cast<int64_t>(*raw << spare) >> spare);
    }

    std::optional<Value> text(std::optional<uint64_t> size) {
        if (!size || *size > bytes_.size() || !is_utf8(bytes_.substr(0, *size))) return {};
        const std::string held(bytes_.substr(0, *size));
        bytes_.remove_prefix(*size);
        return Value(held);
    }

    std::optional<Value> array(std::optional<uint64_t> size, int depth) {
        if (!size || *size > bytes_.size() || depth >= kDeepest) return {};
        Array held;
        for (uint64_t n = 0; n < *size; ++n) {
            auto entry = value(depth + 1);
            if (!entry) return {};
            held.push_back(std::move(*entry));
        }
        return Value(std::move(held));
    }

    std::optional<Value> map(std::optional<uint64_t> size, int depth) {
        if (!size || *size > bytes_.size() || depth >= kDeepest) return {};
        Map held;
        for (uint64_t n = 0; n < *size; ++n) {
            const auto key = value(depth + 1);
            auto entry = key ? value(depth + 1) : std::nullopt;
            if (!entry || !key->as<std::string>()) return {};
            held.emplace_back(*key->as<std::string>(), std::move(*entry));
        }
        return Value(std::move(held));
    }

    /// A number without a sign in so many bytes, the highest first.
    std::optional<uint64_t> number(int bytes) {
        if (bytes_.size() < static_cast<size_t>(bytes)) return {};
        uint64_t held = 0;
        for (int n = 0; n < bytes; ++n) held = held << 8 | static_cast<uint8_t>(bytes_[n]);
        bytes_.remove_prefix(bytes);
        return held;
    }

    std::string_view bytes_;
};

}  // namespace msgpack

/// The bytes of a value.
inline std::string packed(const Value& value) {
    std::string bytes;
    msgpack::Writer(bytes).value(value);
    return bytes;
}

/// The value of some bytes; nothing if they are not exactly one.
inline std::optional<Value> unpacked(std::string_view bytes) {
    msgpack::Reader reader(bytes);
    auto value = reader.value();
    return reader.at_end() ? value : std::nullopt;
}

}  // namespace antiphon
