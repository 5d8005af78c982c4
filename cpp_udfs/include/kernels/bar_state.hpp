// What the bar fold remembers, and its sections; the same bytes as spark_apps/kernels/reference_bar_state.py.
//
// Memory: per instrument one settled bar (64 bytes), emitted bars that are not final (176 each), the tail (48 per entry),
// the intervals of source_seq seen in the session (16 each), its quotes (see quotes.hpp), its indicators and stances as of
// the last final bar.
#pragma once

#include <algorithm>
#include <map>
#include <utility>

#include "kernels/indicator_stage.hpp"
#include "kernels/quotes.hpp"
#include "kernels/strategies.hpp"

namespace kernels {

struct Parameters {
    Int width, lateness, ahead, tail_limit;
};

inline Int saturated_add(Int left, Int right) {
    Int sum;
    return __builtin_add_overflow(left, right, &sum) ? HIGHEST : sum;
}

inline Int floor_to(Int time, Int width) {
    const Int rest = time % width;
    return time - (rest < 0 ? rest + width : rest);
}

struct Bar {
    Int start = 0, open = 0, high = 0, low = 0, close = 0, volume = 0, value = 0, trade_count = 0;

    void add(Int price, Int quantity) {
        if (trade_count == 0) open = high = low = price;
        high = std::max(high, price);
        low = std::min(low, price);
        close = price;
        volume = saturated_add(volume, quantity);
        value = saturated_add(value, price * quantity);
        ++trade_count;
    }
};
// The last word on a bar, and on its indicators: `reckoned` is their last revision, `digest` the history they stand on;
// on its signals, which follow from the stances before and after it; and on its quotes, by a hash of the figures, and
// the numbers that strategies may read.
struct Emitted {
    Int start, revision, open, high, low, close, volume, trade_count, reckoned;
    std::uint64_t digest;
    Int signalled;
    Stance before, after;
    Int quoted;
    std::uint64_t figures;
    QuoteNumbers numbers;
};
struct Trade {
    Int event_time, source, source_seq, price, quantity, corrected_by;
};
struct Interval {
    Int first, last;
};
struct SeenHead {
    std::uint32_t source, intervals;
};
// `judged` is the start of the latest bar that was ever given in the session.
struct ClockState {
    Int market_time;
    std::int32_t session;
    std::uint32_t ended;
    Int judged;
};
// `quotes` is one more than their tail holds, 0 where none came.
struct Counts {
    std::int32_t session;
    std::uint32_t settled, emitted, tail, sources, quotes;
    Stance stance;
};
static_assert(sizeof(Bar) == 64 && sizeof(Emitted) == 176 && sizeof(Trade) == 48 && sizeof(ClockState) == 24);
static_assert(sizeof(Counts) == 36 && sizeof(SeenHead) == 8 && sizeof(Interval) == 16 && sizeof(Stance) == 12);

struct Seen {
    std::uint32_t source;
    std::vector<Interval> intervals;  // sorted, apart

    std::vector<Interval>::iterator after(Int seq) {
        return std::upper_bound(intervals.begin(), intervals.end(), seq,
                                [](Int value, const Interval& interval) { return value < interval.first; });
    }
    bool has(Int seq) {
        const auto next = after(seq);
        return next != intervals.begin() && seq <= (next - 1)->last;
    }
    bool see(Int seq) {
        const auto next = after(seq);
        const bool has_before = next != intervals.begin();
        if (has_before && seq <= (next - 1)->last) return false;
        const bool joins_before = has_before && (next - 1)->last + 1 == seq;
        const bool joins_after = next != intervals.end() && next->first - 1 == seq;
        if (joins_before && joins_after) {
            (next - 1)->last = next->last;
            intervals.erase(next);
        } else if (joins_before) {
            (next - 1)->last = seq;
        } else if (joins_after) {
            next->first = seq;
        } else {
            intervals.insert(next, Interval{seq, seq});
        }
        return true;
    }
};

struct Instrument {
    Bar settled;  // of the bar that is partly settled; trade_count 0 when there is none
    std::vector<Emitted> emitted;
    std::vector<Trade> tail;
    std::vector<Seen> seen;
    QuoteState quotes;
    IndicatorState indicators;  // after the last final bar
    Stance stance;              // likewise
    // Earliest end of a bar that has trades and was never emitted; derived, LOWEST when not known.
    Int next_close = HIGHEST;
    bool touched = false, is_settled_anew = false;

    // Only the indicators go on into a new session.
    void open_session() {
        Instrument next;
        next.indicators = std::move(indicators);
        next.is_settled_anew = is_settled_anew;
        *this = std::move(next);
    }

    Seen& of_source(std::uint32_t source) {
        const auto place = std::lower_bound(seen.begin(), seen.end(), source,
                                            [](const Seen& each, std::uint32_t value) { return each.source < value; });
        if (place != seen.end() && place->source == source) return *place;
        return *seen.insert(place, Seen{source, {}});
    }
    std::vector<Emitted>::iterator emitted_at(Int start) {
        return std::lower_bound(emitted.begin(), emitted.end(), start,
                                [](const Emitted& each, Int value) { return each.start < value; });
    }
    bool is_emitted(Int start) {
        const auto place = emitted_at(start);
        return place != emitted.end() && place->start == start;
    }
    std::vector<Trade>::iterator tail_from(Int event_time) {
        return std::lower_bound(tail.begin(), tail.end(), event_time,
                                [](const Trade& each, Int value) { return each.event_time < value; });
    }
};

using Instruments = std::map<std::int32_t, Instrument>;
using Sections = std::map<std::int32_t, std::string>;

constexpr std::uint16_t BAR_FOLD = 1, BAR_LAYOUT = 5;
constexpr std::int32_t NO_SESSION = std::numeric_limits<std::int32_t>::min();
constexpr std::int32_t BOOKS = NO_SESSION;  // the section of the books; no instrument has that number
constexpr std::uint32_t OF_QUOTES = 1 << 16;  // a source numbers its quotes apart from its trades
constexpr ClockState NEW_CLOCK{0, NO_SESSION, 0, LOWEST};

inline std::vector<Byte> body_of(const ClockState& clock) {
    std::vector<Byte> body;
    append(body, &clock, 1);
    return body;
}

inline std::vector<Byte> body_of(const Books& books) {
    std::vector<Byte> body;
    for (const auto& book : books.all()) append_book(body, book);
    return body;
}

inline std::vector<Byte> body_of(const Instrument& instrument, std::int32_t session) {
    std::vector<Byte> body;
    const auto size = [](const auto& values) { return static_cast<std::uint32_t>(values.size()); };
    const std::uint32_t settled = instrument.settled.trade_count > 0 ? 1 : 0;
    const Counts counts{session, settled, size(instrument.emitted), size(instrument.tail), size(instrument.seen),
                        instrument.quotes.is_empty() ? 0 : size(instrument.quotes.tail) + 1,
                        instrument.stance};
    append(body, &counts, 1);
    append(body, &instrument.settled, settled);
    append(body, instrument.emitted.data(), instrument.emitted.size());
    append(body, instrument.tail.data(), instrument.tail.size());
    for (const auto& seen : instrument.seen) {
        const SeenHead head{seen.source, size(seen.intervals)};
        append(body, &head, 1);
        append(body, seen.intervals.data(), seen.intervals.size());
    }
    if (counts.quotes > 0) {
        append(body, &instrument.quotes.last, 1);
        append(body, &instrument.quotes.bar, 1);
        append(body, instrument.quotes.tail.data(), instrument.quotes.tail.size());
    }
    return body;
}

// Which section does not fit, and why.
using Misfit = std::optional<std::pair<std::int32_t, std::string>>;

inline Problem read_instrument(Cursor cursor, std::int32_t session, Instruments& instruments, std::int32_t key) {
    const auto counts = cursor.one<Counts>();
    if (cursor.fits && counts.session > session) {
        return "session " + std::to_string(counts.session) + " is after the clock's " + std::to_string(session);
    }
    if (cursor.fits && counts.session < session) return {};  // left over from an earlier session: empty
    Instrument& instrument = instruments[key];  // its indicators may be there already
    instrument.stance = counts.stance;
    if (counts.settled > 0) instrument.settled = cursor.one<Bar>();
    instrument.emitted = cursor.take<Emitted>(counts.emitted);
    instrument.tail = cursor.take<Trade>(counts.tail);
    for (std::uint32_t i = 0; i < counts.sources && cursor.fits; ++i) {
        const auto head = cursor.one<SeenHead>();
        instrument.seen.push_back(Seen{head.source, cursor.take<Interval>(head.intervals)});
    }
    if (counts.quotes > 0) {
        const auto last = cursor.one<Quote>();
        const auto bar = cursor.one<QuoteBar>();
        instrument.quotes = {last, bar, cursor.take<Quote>(counts.quotes - 1)};
    }
    if (!cursor.fits || cursor.left > 0 || counts.settled > 1) return "its bytes are not those that its counts announce";
    instrument.next_close = LOWEST;
    return {};
}

inline Problem read_books(Cursor cursor, std::size_t inputs, Books& books) {
    while (cursor.left > 0 && cursor.fits) {
        const auto bytes = cursor.take<Byte>(cursor.one<std::uint32_t>());
        auto book = Book::read(bytes.data(), bytes.size(), inputs);
        if (!book) return "its bytes are not those of a book";
        books.put(std::move(*book));
    }
    return {};
}

// Section 0 is the clock, one above it the bars of that instrument, one below it, under the number turned, its
// indicators: they change once a bar, not once a trade, and go on from session to session. The lowest are the books.
inline Misfit read_sections(const Sections& sections, std::uint64_t parameters, const IndicatorStage& stage,
                            ClockState& clock, Books& books, Instruments& instruments) {
    if (sections.empty()) return {};
    if (sections.count(0) == 0) return {{0, "it is missing, so market time is unknown"}};
    const auto bytes_of = [](const std::string& section) { return reinterpret_cast<const Byte*>(section.data()); };
    for (const auto& [key, section] : sections) {
        const auto* bytes = bytes_of(section);
        auto problem = key < 0 && key != BOOKS ? stage.read(bytes, section.size(), instruments[-key].indicators)
                                               : unseal(bytes, section.size(), BAR_FOLD, BAR_LAYOUT, parameters);
        if (problem) return {{key, *problem}};
    }
    for (const auto& [key, section] : sections) {  // the clock is the first of those that are not below it
        if (key < 0) continue;
        Cursor cursor{bytes_of(section) + sizeof(SectionHeader), section.size() - sizeof(SectionHeader)};
        if (key > 0) {
            if (auto problem = read_instrument(cursor, clock.session, instruments, key)) return {{key, *problem}};
            continue;
        }
        clock = cursor.one<ClockState>();
        if (!cursor.fits || cursor.left > 0) return {{key, "its bytes are not those of a clock"}};
    }
    if (const auto found = sections.find(BOOKS); found != sections.end()) {
        const auto& section = found->second;
        const Cursor cursor{bytes_of(section) + sizeof(SectionHeader), section.size() - sizeof(SectionHeader)};
        if (auto problem = read_books(cursor, stage.inputs(), books)) return {{BOOKS, *problem}};
    }
    return {};
}

}  // namespace kernels
