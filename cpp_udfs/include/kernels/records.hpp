// The records of fold_input and fold_output and the header of a state section, byte for byte.
// The same layouts stand in spark_apps/kernels/layouts.py and sections.py; a test compares them.
// Memory: packed little-endian structs, read and written with memcpy, so alignment does not matter.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "records are little-endian; this machine is not"
#endif

namespace kernels {

using Byte = std::uint8_t;
using Int = std::int64_t;

constexpr Int HIGHEST = std::numeric_limits<Int>::max();
constexpr Int LOWEST = std::numeric_limits<Int>::min();
constexpr double NONE = std::numeric_limits<double>::quiet_NaN();  // where there is no number
constexpr Int AMOUNT_LIMIT = Int{1} << 56;
constexpr Int CLOCK_LIMIT = Int{1} << 62;
constexpr Int PARAMETER_LIMIT = Int{1} << 60;

// False where price * quantity is no amount that a trade may have; both must not be negative.
inline bool amount_of(Int price, Int quantity, Int& amount) {
    return !__builtin_mul_overflow(price, quantity, &amount) && amount <= AMOUNT_LIMIT;
}

enum Kind : Byte {
    TRADE = 1,
    CLOCK = 2,
    CORRECTION = 3,
    SEED = 4,
    PARAMETERS = 5,
    QUOTE = 6,
    BAR = 16,
    LATE = 17,
    REFUSED = 18,
    DUPLICATE = 19,
    INDICATOR = 20,
    SIGNAL = 21,
    PROGRESS = 22,
    STANDING = 23,
    QUOTED = 24,
    LATE_QUOTE = 25,
    REFUSED_QUOTE = 26,
    DUPLICATE_QUOTE = 27,
    CROSS_SIGNAL = 28,
    BOOK = 29,
};

enum ClockFlag : std::uint32_t { OPENS = 1, ENDS = 2 };

enum Reason : std::uint32_t {
    ADMITTED = 0,
    SESSION_IS_OPEN = 1,
    EVENT_IS_NOT_AHEAD_OF_CLOCK = 2,
    PRICE_IS_POSITIVE = 3,
    QUANTITY_IS_POSITIVE = 4,
    CORRECTED_TRADE_IS_KNOWN = 5,
    TAIL_HAS_ROOM = 6,
    ARRIVES_WITHIN_BOUND = 7,
    IS_FIRST_SEEN = 8,
    RECORD_IS_READABLE = 9,
    AMOUNT_IS_IN_RANGE = 10,
    SEED_OPENS_ITS_SESSION = 11,
    SEED_FITS_THE_FOLD = 12,
    PARAMETERS_FIT_THE_FOLD = 13,
    PARAMETERS_COME_BEFORE_THEIR_BARS = 14,
    SIDES_ARE_WHOLE = 15,
};

#pragma pack(push, 1)
struct Header {
    Byte kind, version;
    std::uint16_t reserved;
    std::uint32_t length;
};
struct Entry {
    std::int32_t instrument_id, session_date;
    std::uint16_t source, verdict;
    std::uint32_t reserved;
    Int source_seq, corrects_seq, event_time, price, quantity;
};
// The best bid and offer, and what stands in all levels that the source shows.
struct QuoteEntry {
    std::int32_t instrument_id, session_date;
    std::uint16_t source, verdict;
    std::uint32_t reserved;
    Int source_seq, event_time, bid, bid_quantity, ask, ask_quantity, bid_depth, ask_depth;
};
struct Clock {
    Int market_time;
    std::int32_t session_date;
    std::uint32_t flags;
};
struct Cause {
    std::int32_t generation, input_partition;
    Int input_offset;
    std::int32_t ordinal;
};
struct BarOut {
    Cause cause;
    std::int32_t instrument_id, session_date, revision;
    Int bar_start, open, high, low, close, volume, value, trade_count, available_at;
};
struct TradeOut {
    Cause cause;
    std::uint32_t reason;
    Entry entry;
    Int available_at;
};
struct QuoteOut {
    Cause cause;
    std::uint32_t reason;
    QuoteEntry entry;
    Int available_at;
};
// What quotes say of a bar; -1 quotes where corrections emptied it, NaN for none.
struct QuoteFigures {
    Int quoted_at, bid, bid_quantity, ask, ask_quantity, bid_depth, ask_depth, quotes, order_flow, bought, sold;
    double spread, effective_spread, depth_imbalance;
};
// What strategies may read of the figures of a bar, as doubles: QUOTE_NUMBERS of spark_apps/tables/strategies.py.
struct QuoteNumbers {
    double order_flow, bought, sold, spread, effective_spread, depth_imbalance;
};
struct QuotedOut {
    Cause cause;
    std::int32_t instrument_id, session_date, revision;
    Int bar_start;
    QuoteFigures figures;
    Int available_at;
};
// A seed goes on with a state section; indicators go on with a double per name, NaN for none.
struct SeedHead {
    std::int32_t instrument_id, session_date;
};
struct IndicatorsHead {
    Cause cause;
    std::int32_t instrument_id, session_date, revision;
    Int bar_start;
    std::uint64_t opening, closing;
    Int available_at;
};
// How far a partition has come, behind all that it gave until then; flags as of a clock.
struct ProgressOut {
    Cause cause;
    std::int32_t session_date;
    std::uint32_t flags;
    Int market_time;
};
struct StandingOut {
    Cause cause;
    std::int32_t instrument_id, session_date, revision;
    Int bar_start;
    std::int32_t peers;
    double move, move_rank, value_rank, correlation, beta;
    Int available_at;
};
struct SectionHeader {
    std::uint16_t fold, layout;
    std::uint32_t byte_order;
    std::uint64_t parameters;
    std::uint32_t length, checksum;
};
#pragma pack(pop)

constexpr Byte VERSION = 1;
static_assert(sizeof(Header) == 8 && sizeof(Entry) == 56 && sizeof(Clock) == 16 && sizeof(Cause) == 20);
static_assert(sizeof(BarOut) == 104 && sizeof(TradeOut) == 88 && sizeof(SectionHeader) == 24);
static_assert(sizeof(QuoteEntry) == 80 && sizeof(QuoteOut) == 112 && sizeof(QuotedOut) == 160);
static_assert(sizeof(SeedHead) == 8 && sizeof(IndicatorsHead) == 64);
static_assert(sizeof(ProgressOut) == 36 && sizeof(StandingOut) == 92);

template <class T>
T load(const Byte* place) {
    T value;
    std::memcpy(&value, place, sizeof(T));
    return value;
}

template <class T>
void append(std::vector<Byte>& bytes, const T* values, std::size_t count) {
    const auto* first = reinterpret_cast<const Byte*>(values);
    bytes.insert(bytes.end(), first, first + count * sizeof(T));
}

// Output records side by side: their bytes, and where each begins and ends.
struct Output {
    std::vector<Byte> data;
    std::vector<Int> bounds{0};

    template <class Body, class More = double>
    void put(Kind kind, const Body& body, const More* more = nullptr, std::size_t count = 0) {
        const Header header{kind, VERSION, 0, static_cast<std::uint32_t>(sizeof(Body) + count * sizeof(More))};
        append(data, &header, 1);
        append(data, &body, 1);
        append(data, more, count);
        bounds.push_back(static_cast<Int>(data.size()));
    }
};

// State sections: a header that says whose state it is, then the bytes of one key.

constexpr std::uint32_t BYTE_ORDER_MARK = 0x01020304;
constexpr std::uint64_t FNV_OFFSET = 14695981039346656037ULL;
constexpr std::uint64_t FNV_PRIME = 1099511628211ULL;
using Problem = std::optional<std::string>;  // what does not fit; empty when all does

inline std::uint64_t byte_hash(const Byte* bytes, std::size_t size) {
    std::uint64_t hash = FNV_OFFSET;
    for (std::size_t i = 0; i < size; ++i) hash = (hash ^ bytes[i]) * FNV_PRIME;
    return hash;
}

inline std::uint64_t parameter_hash(const Int* values, std::size_t count) {
    return byte_hash(reinterpret_cast<const Byte*>(values), count * sizeof(Int));
}

// CRC-32 as in zlib: polynomial 0xEDB88320, reflected, one table of 256 words.
inline std::uint32_t crc32(const Byte* bytes, std::size_t size) {
    static const auto table = [] {
        std::array<std::uint32_t, 256> words{};
        for (std::uint32_t i = 0; i < 256; ++i) {
            words[i] = i;
            for (int bit = 0; bit < 8; ++bit) words[i] = (words[i] >> 1) ^ ((words[i] & 1) != 0 ? 0xEDB88320U : 0U);
        }
        return words;
    }();
    std::uint32_t sum = ~0U;
    for (std::size_t i = 0; i < size; ++i) sum = table[(sum ^ bytes[i]) & 0xFF] ^ (sum >> 8);
    return ~sum;
}

inline std::vector<Byte> seal(std::uint16_t fold, std::uint16_t layout, std::uint64_t parameters,
                              const std::vector<Byte>& body) {
    const auto length = static_cast<std::uint32_t>(body.size());
    const SectionHeader header{fold, layout, BYTE_ORDER_MARK, parameters, length, crc32(body.data(), body.size())};
    std::vector<Byte> section;
    section.reserve(sizeof(header) + body.size());
    append(section, &header, 1);
    append(section, body.data(), body.size());
    return section;
}

inline Problem unseal(const Byte* section, std::size_t size, std::uint16_t fold, std::uint16_t layout,
                      std::uint64_t parameters) {
    if (size < sizeof(SectionHeader)) return "the header is cut off";
    const auto header = load<SectionHeader>(section);
    const auto differs = [](const char* field, std::uint64_t found, std::uint64_t expected) {
        return std::string(field) + " is " + std::to_string(found) + ", this fold has " + std::to_string(expected);
    };
    if (header.fold != fold) return differs("fold", header.fold, fold);
    if (header.layout != layout) return differs("layout", header.layout, layout);
    if (header.byte_order != BYTE_ORDER_MARK) return differs("byte_order", header.byte_order, BYTE_ORDER_MARK);
    if (header.parameters != parameters) return differs("parameters", header.parameters, parameters);
    const auto body = size - sizeof(SectionHeader);
    if (header.length != body) {
        return std::to_string(body) + " bytes of body, the header says " + std::to_string(header.length);
    }
    if (header.checksum != crc32(section + sizeof(SectionHeader), body)) {
        return "its bytes are not those that were written: the checksum differs";
    }
    return {};
}

// Reads a body front to back; `fits` turns false where it is shorter than what is asked for.
struct Cursor {
    const Byte* place;
    std::size_t left;
    bool fits = true;

    template <class T>
    std::vector<T> take(std::size_t count) {
        fits = fits && count <= left / sizeof(T);
        std::vector<T> values(fits ? count : 0);
        const auto size = values.size() * sizeof(T);
        if (size > 0) std::memcpy(values.data(), place, size);
        place += size;
        left -= size;
        return values;
    }
    template <class T>
    T one() {
        const auto values = take<T>(1);
        return values.empty() ? T{} : values.front();
    }
};

}  // namespace kernels
