// Strategies over the bars of one instrument: comparisons of the numbers of a bar, or of how it stands among others.
// What every case means stands in the twin, spark_apps/kernels/reference_strategies.py.
//
//   enters where all its ENTER comparisons hold, leaves where all its LEAVE comparisons hold; NaN never holds
//   score = sum of weight * side of the strategies that stand and passed their filter
//   target = 1 from threshold on, -1 from -threshold down, else 0
//
// Memory: 12 bytes per instrument, 28 per comparison and book. Cost: a comparison each, a bar.
#pragma once

#include <algorithm>

#include "kernels/records.hpp"

namespace kernels {

constexpr int NO_STRATEGY = -1, STRATEGY_LIMIT = 32;

// What the strategies of a book read: the numbers of a bar, or how it stands among all others.
enum Reads : std::uint32_t { OF_BAR = 0, OF_STANDING = 1 };
constexpr std::size_t STANDING_NUMBERS = 5;

enum Role : Byte { ENTER = 0, LEAVE = 1, FILTER = 2 };
enum Result : std::uint32_t { WITHDRAWN = 0, FILTERED = 1, OUTVOTED = 2, DECISIVE = 3 };

#pragma pack(push, 1)
// A PARAMETERS record goes on with its strategies and their comparisons. `from` is a bar start.
struct BookHead {
    std::int32_t session_date;
    std::uint32_t reads;
    Int from;
    std::int32_t threshold, horizon;
    std::uint32_t needs_approval;
    std::uint16_t strategies, comparisons;
};
struct StrategyRow {
    std::uint16_t number;
    std::int16_t side;
    std::int32_t weight;
};
// Holds where left >= factor * right + offset, or where left is below it. `right` -1 leaves the offset alone.
struct Comparison {
    std::uint16_t strategy;
    Byte role, below;
    std::int32_t left, right;
    double factor, offset;
};
struct SignalOut {
    Cause cause;
    std::int32_t instrument_id, session_date, revision;
    Int bar_start;
    std::int32_t strategy, stance, score, target_before, target;
    std::uint32_t result, needs_approval;
    std::uint64_t book_hash;
    Int expires_at, available_at;
};
#pragma pack(pop)
static_assert(sizeof(BookHead) == 32 && sizeof(StrategyRow) == 8 && sizeof(Comparison) == 28);
static_assert(sizeof(SignalOut) == 92);

// Which strategies stand in an instrument, which of them passed their filter as they entered, a bit each; and what the
// score of these says.
struct Stance {
    std::uint32_t standing = 0, counted = 0;
    std::int32_t target = 0;

    bool operator==(const Stance& other) const {
        return standing == other.standing && counted == other.counted && target == other.target;
    }
};

// What one strategy did at a bar, beside who it was.
struct Said {
    std::int32_t stance, score, target_before, target;
    std::uint32_t result;

    bool operator==(const Said& other) const {
        return stance == other.stance && score == other.score && target_before == other.target_before &&
               target == other.target && result == other.result;
    }
};

// The strategies in force for the bars from one on.
class Book {
  public:
    // Empty where the bytes are no book over so many numbers of a bar, or over those of a standing.
    static std::optional<Book> read(const Byte* body, std::size_t size, std::size_t inputs) {
        Cursor cursor{body, size};
        Book book;
        book.head_ = cursor.one<BookHead>();
        book.strategies_ = cursor.take<StrategyRow>(book.head_.strategies);
        book.comparisons_ = cursor.take<Comparison>(book.head_.comparisons);
        if (!cursor.fits || cursor.left > 0 || !book.is_sound(static_cast<std::int32_t>(inputs))) return {};
        book.bytes_.assign(body, body + size);
        book.hash_ = byte_hash(body + NAMED_BY, size - NAMED_BY);
        return book;
    }

    const BookHead& head() const { return head_; }
    const std::vector<Byte>& bytes() const { return bytes_; }
    std::uint64_t hash() const { return hash_; }

    // Takes the numbers that a bar offers; strategies that the book lacks stand no longer.
    Stance judge(Stance before, const double* inputs) const {
        Stance after;
        for (const auto& strategy : strategies_) {
            const auto bit = bit_of(strategy.number);
            const bool stood = (before.standing & bit) != 0;
            const bool stands = stood ? !holds(strategy.number, LEAVE, inputs) : holds(strategy.number, ENTER, inputs);
            if (!stands) continue;
            after.standing |= bit;
            if (stood ? (before.counted & bit) != 0 : holds(strategy.number, FILTER, inputs)) after.counted |= bit;
        }
        const auto score = score_of(after);
        after.target = score >= head_.threshold ? 1 : score <= -head_.threshold ? -1 : 0;
        return after;
    }

    // What the strategy of that number did between two stances; empty where it did nothing. NO_STRATEGY is the book
    // itself, which may move the target as it comes into force, where no strategy with a vote did anything.
    std::optional<Said> say(int number, Stance before, Stance after) const {
        const auto changed = before.standing ^ after.standing;
        const auto bit = number == NO_STRATEGY ? 0 : bit_of(number);
        const bool is_moved = before.target != after.target;
        const bool has_voted = (changed & (before.counted | after.counted)) != 0;
        if (number == NO_STRATEGY ? has_voted || !is_moved : (changed & bit) == 0) return {};
        const bool enters = (after.standing & bit) != 0;
        const bool counts = number == NO_STRATEGY || ((enters ? after : before).counted & bit) != 0;
        const auto result = !counts ? FILTERED : is_moved ? DECISIVE : OUTVOTED;
        return Said{enters ? side_of(number) : 0, score_of(after), before.target, after.target, result};
    }

    // What takes back a thing said that is no longer so.
    Said withdrawal(int number, Stance before, Stance after) const {
        const bool stands = number != NO_STRATEGY && (after.standing & bit_of(number)) != 0;
        return {stands ? side_of(number) : 0, score_of(after), before.target, after.target, WITHDRAWN};
    }

  private:
    static constexpr std::size_t NAMED_BY = 16;  // session_date, reads and from are not hashed

    static std::uint32_t bit_of(int number) { return std::uint32_t{1} << number; }

    bool is_sound(std::int32_t of_bar) const {
        const auto inputs = head_.reads == OF_STANDING ? static_cast<std::int32_t>(STANDING_NUMBERS) : of_bar;
        int last = -1;
        for (const auto& strategy : strategies_) {
            if (strategy.number <= last || strategy.number >= STRATEGY_LIMIT) return false;
            if ((strategy.side != 1 && strategy.side != -1) || strategy.weight < 1 || strategy.weight > 1'000'000) return false;
            if (!has(strategy.number, ENTER) || !has(strategy.number, LEAVE)) return false;
            last = strategy.number;
        }
        for (const auto& comparison : comparisons_) {
            const bool is_column = comparison.left >= 0 && comparison.left < inputs;
            const bool is_other = comparison.right >= -1 && comparison.right < inputs;
            const bool is_owned = std::any_of(strategies_.begin(), strategies_.end(), [&](const StrategyRow& each) {
                return each.number == comparison.strategy;
            });
            if (!is_column || !is_other || !is_owned || comparison.role > FILTER || comparison.below > 1) return false;
        }
        return head_.reads <= OF_STANDING && head_.threshold >= 1 && head_.horizon >= 1 && head_.horizon <= 1'000'000 &&
               head_.needs_approval <= 1 && head_.from >= 0 && head_.from <= CLOCK_LIMIT;
    }

    bool has(int number, Role role) const {
        return std::any_of(comparisons_.begin(), comparisons_.end(),
                           [&](const Comparison& each) { return each.strategy == number && each.role == role; });
    }

    bool holds(int number, Role role, const double* inputs) const {
        return std::all_of(comparisons_.begin(), comparisons_.end(), [&](const Comparison& each) {
            if (each.strategy != number || each.role != role) return true;
            double bound = each.offset;
            if (each.right >= 0) bound = each.factor * inputs[each.right] + each.offset;
            const double left = inputs[each.left];
            return each.below != 0 ? left < bound : left >= bound;
        });
    }

    std::int32_t side_of(int number) const {
        for (const auto& strategy : strategies_) {
            if (strategy.number == number) return strategy.side;
        }
        return 0;
    }

    std::int32_t score_of(Stance stance) const {
        std::int32_t score = 0;
        for (const auto& strategy : strategies_) {
            if ((stance.counted & bit_of(strategy.number)) != 0) score += strategy.side * strategy.weight;
        }
        return score;
    }

    BookHead head_{};
    std::vector<StrategyRow> strategies_;
    std::vector<Comparison> comparisons_;
    std::vector<Byte> bytes_;
    std::uint64_t hash_ = 0;
};

// A book as sections hold it: its length, then its bytes.
inline void append_book(std::vector<Byte>& body, const Book& book) {
    const auto size = static_cast<std::uint32_t>(book.bytes().size());
    append(body, &size, 1);
    append(body, book.bytes().data(), size);
}

// The row of what was said of a bar of that width; a book itself has a number for each kind of book.
inline SignalOut signal_row(const Cause& cause, std::int32_t instrument_id, std::int32_t session_date, Int revision,
                            Int bar_start, Int width, int number, const Book& book, const Said& said, Int available_at) {
    if (number == NO_STRATEGY) number -= static_cast<int>(book.head().reads);
    return {cause,        instrument_id, session_date, static_cast<std::int32_t>(revision), bar_start, number,
            said.stance,  said.score,    said.target_before, said.target, said.result, book.head().needs_approval,
            book.hash(),  bar_start + width * (1 + book.head().horizon), available_at};
}

// The books of a session, of each kind from its bar start on.
class Books {
  public:
    const std::vector<Book>& all() const { return books_; }
    void clear() { books_.clear(); }

    const Book* at(Int bar_start, std::uint32_t reads = OF_BAR) const {
        const Book* found = nullptr;
        for (const auto& book : books_) {
            if (book.head().reads == reads && book.head().from <= bar_start) found = &book;
        }
        return found;
    }

    bool has(const Book& book) const {
        return std::any_of(books_.begin(), books_.end(), [&](const Book& each) { return each.bytes() == book.bytes(); });
    }

    void put(Book book) {
        const auto key = [](const Book& each) { return std::pair{each.head().reads, each.head().from}; };
        const auto place = std::find_if(books_.begin(), books_.end(),
                                        [&](const Book& each) { return key(each) >= key(book); });
        if (place != books_.end() && key(*place) == key(book)) {
            *place = std::move(book);
        } else {
            books_.insert(place, std::move(book));
        }
    }

  private:
    std::vector<Book> books_;  // by rising `reads` and `from`
};

}  // namespace kernels
