// The live chain's second fold: the bars that the first gave of every partition to how each stands among all others, and
// to what the strategies of the books over standings say of that.
// What every case means stands in the twin, spark_apps/kernels/reference_cross_fold.py, to the byte.
//
//   a segment = the bars of a partition up to a progress record, which says at which moment of the market they stand
//   frontier  = the earliest of the moments that the partitions have reached; segments up to it are taken in order of
//               (moment, partition), so that nothing depends on how partitions are mixed
//   a minute is settled once no partition can revise its bars any more; those after it are the tail
//   standings = the settled minutes, then those of the tail, replayed in order: a first word on a bar when it comes, a
//               last one, where it is another, when its minute settles; signals likewise, by the book at the bar's start
//
// Memory: see cross_section.hpp; of the tail 112 bytes per bar, and while one partition is behind, of the others 40 per
// bar, 40 per moment and its books. Cost: a moment with new bars O(tail x cost of a minute).
#pragma once

#include <deque>
#include <tuple>

#include "kernels/cross_section.hpp"

namespace kernels {

constexpr std::uint16_t CROSS_FOLD = 3, CROSS_LAYOUT = 2;
enum CrossPart : std::int32_t { PLACES_PART = 0, SETTLED_PART = 1, TAIL_PART = 2, PENDING_PART = 3, JUDGED_PART = 4, SECTIONS = 5 };

#pragma pack(push, 1)
struct Moment {
    std::int32_t session;
    std::uint32_t ended;
    Int time;

    bool operator<(const Moment& other) const {
        return std::tie(session, ended, time) < std::tie(other.session, other.ended, other.time);
    }
    bool operator==(const Moment& other) const { return !(*this < other) && !(other < *this); }
};
struct GivenBar {
    std::int32_t id, session;
    Int start, close, value, trade_count;
};
struct SegmentHead {
    Moment moment;
    Int offset;
    std::uint32_t opens, bars, books, spare;
};
// Where a partition stands: its last record, the moment that it has reached, and that of its last segment taken.
struct Place {
    Int offset;
    std::int32_t ordinal, spare;
    Moment reached, taken;
};
struct CrossHead {
    std::int32_t session;
    std::uint32_t is_followed;
    Int settled_until;
};
struct TailBar {
    Int start;
    std::int32_t id, revision;
    Int close, value, trade_count;
    Standing told;
    Stance before, after;
};
struct StanceOf {
    std::int32_t id;
    Stance stance;
};
#pragma pack(pop)
static_assert(sizeof(Moment) == 16 && sizeof(GivenBar) == 40 && sizeof(SegmentHead) == 40 && sizeof(Place) == 48);
static_assert(sizeof(CrossHead) == 16 && sizeof(TailBar) == 112 && sizeof(Standing) == 48 && sizeof(StanceOf) == 16);

constexpr Moment NO_MOMENT{NO_SESSION, 0, LOWEST};
constexpr Standing GONE{-1, NONE, NONE, NONE, NONE, NONE};  // of a bar that corrections emptied

struct CrossParameters {
    Int partitions, width, lateness, move, window;
};

class CrossFold {
  public:
    CrossFold(CrossParameters parameters, std::int32_t generation)
        : parameters_(parameters), generation_(generation), settled_(parameters.move, parameters.window) {
        const Int parts[] = {parameters.partitions, parameters.width, parameters.lateness, parameters.move,
                             parameters.window};
        hash_ = parameter_hash(parts, 5);
        lanes_.assign(static_cast<std::size_t>(parameters.partitions), Lane{});
        touched_.fill(true);  // so that what is stored holds every section
    }

    // Takes a record of fold_output; what is no bar, book or progress of this generation, or was taken before, is passed
    // over. The records of a partition come in their order, those of several however mixed.
    void apply(const Byte* record, std::size_t size, Output& output) {
        if (size < sizeof(Header)) return;
        const auto header = load<Header>(record);
        if (header.version != VERSION || header.reserved != 0 || header.length != size - sizeof(Header)) return;
        output_ = &output;
        const Byte* body = record + sizeof(Header);
        if (header.kind == BAR && header.length == sizeof(BarOut)) take(load<BarOut>(body));
        if (header.kind == PROGRESS && header.length == sizeof(ProgressOut)) take(load<ProgressOut>(body));
        if (header.kind == BOOK && header.length > sizeof(Cause)) {
            take(load<Cause>(body), body + sizeof(Cause), header.length - sizeof(Cause));
        }
    }

    std::map<std::int32_t, std::vector<Byte>> touched() {
        std::map<std::int32_t, std::vector<Byte>> sections;
        const auto put = [&](std::int32_t key, const std::vector<Byte>& body) {
            sections[key] = seal(CROSS_FOLD, CROSS_LAYOUT, hash_, body);
        };
        if (touched_[PLACES_PART]) put(PLACES_PART, places());
        if (touched_[SETTLED_PART]) put(SETTLED_PART, settled_.write());
        if (touched_[TAIL_PART]) put(TAIL_PART, tail());
        if (touched_[PENDING_PART]) put(PENDING_PART, pending());
        if (touched_[JUDGED_PART]) put(JUDGED_PART, judged());
        touched_.fill(false);
        return sections;
    }

    // Replaces the state, or leaves it as it was and says which section does not fit. No section at all is a new fold.
    Misfit restore(const Sections& sections) {
        CrossFold read(parameters_, generation_);
        for (std::int32_t key = 0; key < SECTIONS && !sections.empty(); ++key) {
            if (sections.count(key) == 0) return {{key, "it is missing"}};
        }
        for (const auto& [key, section] : sections) {
            const auto* bytes = reinterpret_cast<const Byte*>(section.data());
            if (auto problem = unseal(bytes, section.size(), CROSS_FOLD, CROSS_LAYOUT, hash_)) return {{key, *problem}};
            const Cursor cursor{bytes + sizeof(SectionHeader), section.size() - sizeof(SectionHeader)};
            const bool fits = key == PLACES_PART    ? read.read_places(cursor)
                              : key == SETTLED_PART ? read.settled_.read(cursor)
                              : key == TAIL_PART    ? read.read_tail(cursor)
                              : key == PENDING_PART ? read.read_pending(cursor)
                              : key == JUDGED_PART  ? read.read_judged(cursor)
                                                    : false;
            if (!fits) return {{key, "its bytes are not those of the layout"}};
        }
        if (!sections.empty()) read.touched_.fill(false);
        *this = std::move(read);
        return {};
    }

  private:
    struct Segment {
        SegmentHead head;
        std::vector<GivenBar> bars;
        std::vector<Book> books;
    };
    struct Lane {
        Place place{-1, -1, 0, NO_MOMENT, NO_MOMENT};
        std::vector<GivenBar> open;    // not yet ended by a progress record
        std::vector<Book> open_books;  // likewise
        std::deque<Segment> pending;
    };
    using Key = std::pair<Int, std::int32_t>;  // start and instrument
    using Stances = std::map<std::int32_t, Stance>;

    // Records.

    // The partition of a cause, moved on to it; none where it is not of this generation or was seen before.
    Lane* lane_of(const Cause& cause) {
        const bool is_ours = cause.generation == generation_ && cause.input_partition >= 0 &&
                             cause.input_partition < parameters_.partitions;
        if (!is_ours) return nullptr;
        auto& lane = lanes_[static_cast<std::size_t>(cause.input_partition)];
        if (std::pair{cause.input_offset, cause.ordinal} <= std::pair{lane.place.offset, lane.place.ordinal}) return nullptr;
        lane.place.offset = cause.input_offset;
        lane.place.ordinal = cause.ordinal;
        touched_[PLACES_PART] = touched_[PENDING_PART] = true;
        return &lane;
    }

    // What no first fold gives is passed over, so that no number overflows.
    static bool is_sound(Int time) { return time >= -CLOCK_LIMIT && time <= CLOCK_LIMIT; }

    void take(const BarOut& bar) {
        if (!is_sound(bar.bar_start) || bar.value < 0 || (bar.trade_count > 0 && bar.close < 1)) return;
        auto* lane = lane_of(bar.cause);
        if (lane == nullptr) return;
        lane->open.push_back({bar.instrument_id, bar.session_date, bar.bar_start, bar.close, bar.value, bar.trade_count});
    }

    void take(const ProgressOut& progress) {
        if (!is_sound(progress.market_time)) return;
        auto* lane = lane_of(progress.cause);
        if (lane == nullptr) return;
        const Moment moment{progress.session_date, (progress.flags & ENDS) != 0 ? 1U : 0U, progress.market_time};
        if (!(lane->place.reached < moment)) return;
        const SegmentHead head{moment, progress.cause.input_offset, progress.flags & OPENS,
                               static_cast<std::uint32_t>(lane->open.size()),
                               static_cast<std::uint32_t>(lane->open_books.size()), 0};
        lane->pending.push_back({head, std::move(lane->open), std::move(lane->open_books)});
        lane->open.clear();
        lane->open_books.clear();
        lane->place.reached = moment;
        advance();
    }

    void take(const Cause& cause, const Byte* bytes, std::size_t size) {
        auto book = read_book(bytes, size);
        if (!book) return;
        if (auto* lane = lane_of(cause)) lane->open_books.push_back(std::move(*book));
    }

    // Empty where the bytes are no book over standings.
    static std::optional<Book> read_book(const Byte* bytes, std::size_t size) {
        auto book = Book::read(bytes, size, 0);
        if (book && book->head().reads != OF_STANDING) book.reset();
        return book;
    }

    void advance() {
        Moment frontier = lanes_.front().place.reached;
        for (const auto& lane : lanes_) frontier = std::min(frontier, lane.place.reached);
        while (true) {
            const Lane* first = nullptr;
            for (const auto& lane : lanes_) {
                if (lane.pending.empty() || frontier < moment_of(lane)) continue;
                if (first == nullptr || moment_of(lane) < moment_of(*first)) first = &lane;
            }
            if (first == nullptr) return;
            step(moment_of(*first), static_cast<std::int32_t>(first - lanes_.data()));
        }
    }

    static const Moment& moment_of(const Lane& lane) { return lane.pending.front().head.moment; }

    // Takes the segments of a moment, of which the partition `owner` is the first.
    void step(Moment moment, std::int32_t owner) {
        cause_ = {generation_, owner, lanes_[static_cast<std::size_t>(owner)].pending.front().head.offset, 0};
        std::vector<GivenBar> bars;
        std::vector<Book> books;
        std::size_t opened = 0;
        for (auto& lane : lanes_) {
            if (lane.pending.empty() || !(moment_of(lane) == moment)) continue;
            const auto& segment = lane.pending.front();
            bars.insert(bars.end(), segment.bars.begin(), segment.bars.end());
            books.insert(books.end(), segment.books.begin(), segment.books.end());
            opened += segment.head.opens != 0 ? 1 : 0;
            lane.place.taken = moment;
            lane.pending.pop_front();
        }
        put(books);
        put(bars);
        tell(moment.time);
        if (moment.session > head_.session) {
            settle(moment.time, HIGHEST);
            head_ = {moment.session, opened == lanes_.size() ? 1U : 0U, LOWEST};
            settled_ = CrossSection(parameters_.move, parameters_.window);
            tail_.clear();
            books_.clear();
            stances_.clear();
            touched_[SETTLED_PART] = touched_[TAIL_PART] = touched_[JUDGED_PART] = true;
            put(books);
            put(bars);
            tell(moment.time);
        }
        settle(moment.time);
    }

    // Standings.

    // Puts books of the session at hand in force, for bars of which nothing was told yet.
    void put(const std::vector<Book>& books) {
        if (books.empty()) return;  // nearly always: the tail need not be walked
        Int judged = head_.settled_until;
        for (const auto& [key, bar] : tail_) {
            if (bar.revision >= 0) judged = bar.start;
        }
        for (const auto& book : books) {
            if (book.head().session_date != head_.session || books_.has(book) || book.head().from <= judged) continue;
            books_.put(book);
            touched_[JUDGED_PART] = true;
        }
    }

    // Puts the bars of the session at hand into the tail.
    void put(const std::vector<GivenBar>& bars) {
        if (head_.is_followed == 0) return;
        for (const auto& bar : bars) {
            if (bar.session != head_.session || bar.start <= head_.settled_until) continue;
            auto& held = tail_.try_emplace(Key{bar.start, bar.id}, TailBar{bar.start, bar.id, -1, 0, 0, 0, {}, {}, {}}).first->second;
            held.close = bar.close;
            held.value = bar.value;
            held.trade_count = bar.trade_count;
            has_untold_ |= held.revision < 0 && bar.trade_count > 0;
            touched_[TAIL_PART] = true;
        }
    }

    // Tells how the bars of the tail stand of which nothing was told yet.
    void tell(Int time) {
        if (!has_untold_) return;
        has_untold_ = false;
        CrossSection stage = settled_;
        Stances stances = stances_;
        for (auto minute = tail_.begin(); minute != tail_.end();) {
            const auto end = end_of(minute);
            const auto standings = close(stage, minute, end);
            std::size_t place = 0;
            for (; minute != end; ++minute) {
                auto& bar = minute->second;
                if (bar.trade_count <= 0) continue;
                const auto& standing = standings[place++];
                const auto before = stance_of(stances, bar.id), after = judge(bar.start, standing, before);
                if (!(after == before)) stances[bar.id] = after;
                if (bar.revision >= 0) continue;
                say(bar, standing, time);
                signal(bar, before, after, time);
            }
        }
    }

    // Moves the minutes that no partition can revise any more out of the tail.
    void settle(Int time) {
        Int horizon = HIGHEST;
        for (const auto& lane : lanes_) {
            const auto& taken = lane.place.taken;
            if (taken.session != head_.session) return;
            if (taken.ended == 0) horizon = std::min(horizon, taken.time - parameters_.lateness);
        }
        settle(time, horizon);
    }

    // Settles the minutes that end by the horizon: their last word, where it is not the first.
    void settle(Int time, Int horizon) {
        while (!tail_.empty() && tail_.begin()->first.first + parameters_.width <= horizon) {
            const auto end = end_of(tail_.begin());
            head_.settled_until = tail_.begin()->first.first;
            const auto standings = close(settled_, tail_.begin(), end);
            std::size_t place = 0;
            for (auto minute = tail_.begin(); minute != end; ++minute) {
                auto& bar = minute->second;
                const Standing last = bar.trade_count > 0 ? standings[place++] : GONE;
                const auto before = stance_of(stances_, bar.id);
                const auto after = bar.trade_count > 0 ? judge(bar.start, last, before) : before;
                if (!(after == before)) {
                    stances_[bar.id] = after;
                    touched_[JUDGED_PART] = true;
                }
                if (bar.revision < 0) continue;
                if (std::memcmp(&bar.told, &last, sizeof(last)) != 0) say(bar, last, time);
                signal(bar, before, after, time);
            }
            tail_.erase(tail_.begin(), end);
            touched_[PLACES_PART] = touched_[SETTLED_PART] = touched_[TAIL_PART] = true;
        }
    }

    void say(TailBar& bar, const Standing& now, Int time) {
        bar.told = now;
        ++bar.revision;
        touched_[TAIL_PART] = true;
        output_->put(STANDING, StandingOut{cause_, bar.id, head_.session, bar.revision, bar.start,
                                           static_cast<std::int32_t>(now.peers), now.move, now.move_rank,
                                           now.value_rank, now.correlation, now.beta, time});
        ++cause_.ordinal;
    }

    static Stance stance_of(const Stances& stances, std::int32_t id) {
        const auto found = stances.find(id);
        return found == stances.end() ? Stance{} : found->second;
    }

    // The stances after a bar that stands so.
    Stance judge(Int start, const Standing& standing, Stance before) const {
        const auto* book = books_.at(start, OF_STANDING);
        const double inputs[STANDING_NUMBERS] = {standing.move, standing.move_rank, standing.value_rank,
                                                 standing.correlation, standing.beta};
        return book == nullptr ? before : book->judge(before, inputs);
    }

    // Says what each strategy did at a bar where that is not what was said before: at first nothing was.
    void signal(TailBar& bar, Stance before, Stance after, Int time) {
        const auto* book = books_.at(bar.start, OF_STANDING);
        if (book == nullptr || (before == bar.before && after == bar.after)) return;
        for (int number = NO_STRATEGY; number < STRATEGY_LIMIT; ++number) {
            auto now = book->say(number, before, after);
            const auto then = book->say(number, bar.before, bar.after);
            if (now == then) continue;
            if (!now) now = book->withdrawal(number, before, after);
            output_->put(CROSS_SIGNAL, signal_row(cause_, bar.id, head_.session, then ? 1 : 0, bar.start,
                                                  parameters_.width, number, *book, *now, time));
            ++cause_.ordinal;
        }
        bar.before = before;
        bar.after = after;
        touched_[TAIL_PART] = true;
    }

    using TailPlace = std::map<Key, TailBar>::iterator;

    TailPlace end_of(TailPlace minute) {
        return tail_.upper_bound(Key{minute->first.first, std::numeric_limits<std::int32_t>::max()});
    }

    // Closes a minute of the tail by its bars that hold trades; a minute without any is none.
    static std::vector<Standing> close(CrossSection& stage, TailPlace first, TailPlace end) {
        std::vector<std::int32_t> ids;
        std::vector<Int> closes, values;
        for (auto bar = first; bar != end; ++bar) {
            if (bar->second.trade_count <= 0) continue;
            ids.push_back(bar->second.id);
            closes.push_back(bar->second.close);
            values.push_back(bar->second.value);
        }
        std::vector<Standing> standings(ids.size());
        if (!ids.empty()) stage.close(ids.data(), closes.data(), values.data(), ids.size(), standings.data());
        return standings;
    }

    // State.

    std::vector<Byte> places() const {
        std::vector<Byte> body;
        append(body, &head_, 1);
        for (const auto& lane : lanes_) append(body, &lane.place, 1);
        return body;
    }
    bool read_places(Cursor cursor) {
        head_ = cursor.one<CrossHead>();
        for (auto& lane : lanes_) lane.place = cursor.one<Place>();
        return cursor.fits && cursor.left == 0;
    }

    std::vector<Byte> tail() const {
        std::vector<Byte> body;
        for (const auto& [key, bar] : tail_) append(body, &bar, 1);
        return body;
    }
    bool read_tail(Cursor cursor) {
        while (cursor.left > 0 && cursor.fits) {
            const auto bar = cursor.one<TailBar>();
            tail_[Key{bar.start, bar.id}] = bar;
        }
        return cursor.fits;
    }

    std::vector<Byte> pending() const {
        std::vector<Byte> body;
        for (const auto& lane : lanes_) {
            const std::uint32_t counts[] = {static_cast<std::uint32_t>(lane.open.size()),
                                            static_cast<std::uint32_t>(lane.open_books.size()),
                                            static_cast<std::uint32_t>(lane.pending.size())};
            append(body, counts, 3);
            append(body, lane.open.data(), lane.open.size());
            for (const auto& book : lane.open_books) append_book(body, book);
            for (const auto& segment : lane.pending) {
                append(body, &segment.head, 1);
                append(body, segment.bars.data(), segment.bars.size());
                for (const auto& book : segment.books) append_book(body, book);
            }
        }
        return body;
    }
    bool read_pending(Cursor cursor) {
        for (auto& lane : lanes_) {
            const auto open = cursor.one<std::uint32_t>(), books = cursor.one<std::uint32_t>();
            const auto segments = cursor.one<std::uint32_t>();
            lane.open = cursor.take<GivenBar>(open);
            lane.open_books = take_books(cursor, books);
            for (std::uint32_t i = 0; i < segments && cursor.fits; ++i) {
                const auto head = cursor.one<SegmentHead>();
                auto bars = cursor.take<GivenBar>(head.bars);
                lane.pending.push_back({head, std::move(bars), take_books(cursor, head.books)});
            }
        }
        return cursor.fits && cursor.left == 0;
    }

    std::vector<Byte> judged() const {
        std::vector<Byte> body;
        const std::uint32_t counts[] = {static_cast<std::uint32_t>(books_.all().size()),
                                        static_cast<std::uint32_t>(stances_.size())};
        append(body, counts, 2);
        for (const auto& book : books_.all()) append_book(body, book);
        for (const auto& [id, stance] : stances_) {
            const StanceOf row{id, stance};
            append(body, &row, 1);
        }
        return body;
    }
    bool read_judged(Cursor cursor) {
        const auto books = cursor.one<std::uint32_t>(), stances = cursor.one<std::uint32_t>();
        for (auto& book : take_books(cursor, books)) books_.put(std::move(book));
        for (const auto& row : cursor.take<StanceOf>(stances)) stances_[row.id] = row.stance;
        return cursor.fits && cursor.left == 0;
    }

    // Books one behind another; what is none does not fit.
    static std::vector<Book> take_books(Cursor& cursor, std::uint32_t count) {
        std::vector<Book> books;
        for (std::uint32_t i = 0; i < count && cursor.fits; ++i) {
            const auto bytes = cursor.take<Byte>(cursor.one<std::uint32_t>());
            auto book = read_book(bytes.data(), bytes.size());
            cursor.fits = cursor.fits && book.has_value();
            if (book) books.push_back(std::move(*book));
        }
        return books;
    }

    CrossParameters parameters_;
    std::int32_t generation_;
    std::uint64_t hash_ = 0;
    CrossHead head_{NO_SESSION, 0, LOWEST};
    std::vector<Lane> lanes_;
    CrossSection settled_;
    std::map<Key, TailBar> tail_;
    Books books_;  // over standings, of the session at hand
    Stances stances_;
    bool has_untold_ = false;
    std::array<bool, SECTIONS> touched_;
    Cause cause_{};
    Output* output_ = nullptr;
};

}  // namespace kernels
