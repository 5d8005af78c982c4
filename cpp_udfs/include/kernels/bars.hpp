// The live chain's first fold: trades, corrections, quotes, clocks, seeds and books of one partition to bars, their quotes,
// indicators and signals, late, refused and duplicate rows.
// What every case means stands in the twin, spark_apps/kernels/reference_bars.py.
//
//   bar [s, s + width), s = floor(event_time / width) * width; order in a bar: (event_time, source, source_seq)
//   horizon = market_time - lateness; entries before it are settled, entries from it on are the tail
//   a revision = settled part of the bar, then the tail's entries of the bar, replayed in order
//   quotes of a bar = what is settled of them, then the tail's quotes and trades until its end, merged in order
//   indicators of a bar = those as of the last final bar, then each bar since that has trades, replayed in order;
//   signals likewise, by the book in force at the start of each bar
//
// Memory: see bar_state.hpp. Cost: an entry O(log instruments + log tail), and O(tail) where its bar was given; a clock
// O(instruments).
#pragma once

#include "kernels/bar_state.hpp"

namespace kernels {

class BarFold {
  public:
    // `unknown` gives back the first name that no indicator has, if there is one.
    BarFold(Parameters parameters, const std::vector<std::string>& indicators, std::int32_t generation,
            std::int32_t partition, Problem& unknown)
        : parameters_(parameters), stage_(indicators, unknown), cause_{generation, partition, 0, 0} {
        const Int parts[] = {parameters.width, parameters.lateness, parameters.ahead, parameters.tail_limit,
                             static_cast<Int>(stage_.parameters())};
        hash_ = parameter_hash(parts, 5);
        inputs_.resize(BAR_NUMBERS + stage_.width());
        values_ = inputs_.data() + BAR_NUMBERS;
    }

    void apply(Int offset, const Byte* record, std::size_t size, Output& output) {
        output_ = &output;
        cause_.input_offset = offset;
        cause_.ordinal = 0;
        if (!read(record, size)) give_trade(REFUSED, RECORD_IS_READABLE, Entry{});
    }

    // Sections that changed since the last call, by rising id; see read_sections.
    std::map<std::int32_t, std::vector<Byte>> touched() {
        std::map<std::int32_t, std::vector<Byte>> sections;
        const auto sealed = [&](const std::vector<Byte>& body) { return seal(BAR_FOLD, BAR_LAYOUT, hash_, body); };
        if (clock_touched_) sections[0] = sealed(body_of(clock_));
        if (books_touched_) sections[BOOKS] = sealed(body_of(books_));
        clock_touched_ = books_touched_ = false;
        for (auto& [key, instrument] : instruments_) {
            if (instrument.touched) sections[key] = sealed(body_of(instrument, clock_.session));
            if (instrument.is_settled_anew) sections[-key] = stage_.write(instrument.indicators);
            instrument.touched = instrument.is_settled_anew = false;
        }
        return sections;
    }

    // Replaces the state, or leaves it as it was and says which section does not fit.
    Misfit restore(const Sections& sections) {
        ClockState clock = NEW_CLOCK;
        Books books;
        Instruments instruments;
        if (auto misfit = read_sections(sections, hash_, stage_, clock, books, instruments)) return misfit;
        clock_ = clock;
        books_ = std::move(books);
        instruments_ = std::move(instruments);
        clock_touched_ = books_touched_ = false;
        return {};
    }

  private:
    // Records.

    bool read(const Byte* record, std::size_t size) {
        if (size < sizeof(Header)) return false;
        const auto header = load<Header>(record);
        const auto length = size - sizeof(Header);
        if (header.version != VERSION || header.reserved != 0 || header.length != length) return false;
        const Byte* body = record + sizeof(Header);
        if (header.kind == CLOCK) {
            if (length != sizeof(Clock)) return false;
            const auto clock = load<Clock>(body);
            if (clock.market_time < 0 || clock.market_time > CLOCK_LIMIT) return false;
            tick(clock);
            return true;
        }
        if (header.kind == SEED) return length >= sizeof(SeedHead) && (open_with(body, length), true);
        if (header.kind == PARAMETERS) return length >= sizeof(BookHead) && (take_book(body, length), true);
        if (header.kind == TRADE || header.kind == CORRECTION) {
            return take_each<Entry>(body, length, [&](const Entry& entry) {
                const auto reason = judge(entry, header.kind == CORRECTION);
                if (reason != ADMITTED) give_trade(place_of(entry, reason, REFUSED, LATE, DUPLICATE), reason, entry);
            });
        }
        return header.kind == QUOTE && take_each<QuoteEntry>(body, length, [&](const QuoteEntry& entry) {
            const auto reason = judge(entry);
            if (reason != ADMITTED) {
                put(place_of(entry, reason, REFUSED_QUOTE, LATE_QUOTE, DUPLICATE_QUOTE),
                    QuoteOut{cause_, reason, entry, clock_.market_time});
            }
        });
    }

    // False where the body is no row of entries.
    template <class E, class Take>
    static bool take_each(const Byte* body, std::size_t length, Take take) {
        if (length % sizeof(E) != 0) return false;
        for (std::size_t place = 0; place < length; place += sizeof(E)) take(load<E>(body + place));
        return true;
    }

    // A seed is the closing state of the nightly batch; without one an instrument goes on as its last session ended.
    void open_with(const Byte* body, std::size_t length) {
        const auto head = load<SeedHead>(body);
        const auto place = instruments_.find(head.instrument_id);
        const bool is_new = place == instruments_.end() || place->second.seen.empty();
        IndicatorState state;
        std::uint32_t reason = ADMITTED;
        if (head.instrument_id < 1 || clock_.session == NO_SESSION || head.session_date != clock_.session || !is_new) {
            reason = SEED_OPENS_ITS_SESSION;
        } else if (stage_.read(body + sizeof(SeedHead), length - sizeof(SeedHead), state)) {
            reason = SEED_FITS_THE_FOLD;
        }
        if (reason != ADMITTED) return refuse(head.instrument_id, head.session_date, reason);
        Instrument& instrument = instruments_[head.instrument_id];
        instrument.indicators = std::move(state);
        instrument.is_settled_anew = true;
    }

    // A book judges the bars from one on that none was given of yet, so that no bar has two. The second fold judges by
    // those over standings: they are handed on.
    void take_book(const Byte* body, std::size_t length) {
        auto book = Book::read(body, length, stage_.inputs());
        if (!book) return refuse(0, 0, PARAMETERS_FIT_THE_FOLD);
        const auto head = book->head();
        const bool is_open = clock_.session != NO_SESSION && head.session_date == clock_.session;
        if (is_open && books_.has(*book)) return;
        if (!is_open || head.from <= clock_.judged) {
            return refuse(0, head.session_date, PARAMETERS_COME_BEFORE_THEIR_BARS);
        }
        books_.put(std::move(*book));
        books_touched_ = true;
        if (head.reads != OF_STANDING) return;
        output_->put(BOOK, cause_, body, length);
        ++cause_.ordinal;
    }

    void refuse(std::int32_t instrument_id, std::int32_t session_date, std::uint32_t reason) {
        Entry entry{};
        entry.instrument_id = instrument_id;
        entry.session_date = session_date;
        give_trade(REFUSED, reason, entry);
    }

    // Where an entry goes that does not count.
    template <class E>
    static Kind place_of(const E& entry, std::uint32_t reason, Kind refused, Kind late, Kind duplicate) {
        if (entry.verdict != 0) return refused;
        return reason == ARRIVES_WITHIN_BOUND ? late : reason == IS_FIRST_SEEN ? duplicate : refused;
    }

    // The clock.

    void tick(const Clock& clock) {
        const bool opens = (clock.flags & OPENS) != 0 && clock.session_date > clock_.session;
        if (!opens && (clock.session_date != clock_.session || clock_.session == NO_SESSION)) return;
        const ClockState before = clock_;
        clock_.market_time = std::max(clock_.market_time, clock.market_time);
        clock_touched_ = true;
        if (opens) {
            finish();
            clock_.session = clock.session_date;
            clock_.ended = 0;
            clock_.judged = LOWEST;
            books_touched_ |= !books_.all().empty();
            books_.clear();
            for (auto& [key, instrument] : instruments_) instrument.open_session();
        }
        close_and_settle(clock_.market_time);
        if ((clock.flags & ENDS) != 0) finish();
        if (opens || clock_.market_time != before.market_time || clock_.ended != before.ended) say_progress(opens);
    }

    // Says, behind all that it gave until then, how far this partition has come.
    void say_progress(bool opens) {
        const std::uint32_t flags = (opens ? OPENS : 0U) | (clock_.ended != 0 ? ENDS : 0U);
        put(PROGRESS, ProgressOut{cause_, clock_.session, flags, clock_.market_time});
    }

    Int horizon() const { return clock_.ended != 0 ? HIGHEST : clock_.market_time - parameters_.lateness; }

    void finish() {
        clock_.ended = 1;
        close_and_settle(HIGHEST);
    }

    void close_and_settle(Int until) {
        for (auto& [key, instrument] : instruments_) {
            if (until >= instrument.next_close) close_bars(key, instrument, until);
            settle(instrument, horizon());
        }
    }

    // Emits every bar that has trades, was never emitted and ends by `until`; finds the next end after it.
    void close_bars(std::int32_t key, Instrument& instrument, Int until) {
        instrument.next_close = HIGHEST;
        auto trade = instrument.tail.begin();
        Bar bar = instrument.settled;
        while (bar.trade_count > 0 || trade != instrument.tail.end()) {
            if (bar.trade_count == 0) bar.start = start_of(trade->event_time);
            const Int end = bar.start + parameters_.width;
            for (; trade != instrument.tail.end() && trade->event_time < end; ++trade) {
                if (trade->quantity > 0) bar.add(trade->price, trade->quantity);
            }
            if (bar.trade_count > 0 && !instrument.is_emitted(bar.start)) {
                if (end <= until) {
                    emit(key, instrument, bar);
                } else {
                    instrument.next_close = std::min(instrument.next_close, end);
                }
            }
            bar = Bar{};
        }
    }

    // Moves what no record can change any more out of the tail; forgets bars that are final.
    void settle(Instrument& instrument, Int horizon) {
        const auto is_final = [&](Int start) { return start + parameters_.width <= horizon; };
        if (instrument.settled.trade_count > 0 && is_final(instrument.settled.start)) {
            instrument.settled = Bar{};
            instrument.touched = true;
        }
        const bool has_moved = settle_quotes(instrument, horizon);
        auto trade = instrument.tail.begin();
        for (; trade != instrument.tail.end() && trade->event_time < horizon; ++trade) {
            const Int start = start_of(trade->event_time);
            if (is_final(start) || trade->quantity == 0) continue;
            instrument.settled.start = start;
            instrument.settled.add(trade->price, trade->quantity);
        }
        const Int rows = instrument.indicators.count;
        auto bar = instrument.emitted.begin();
        for (; bar != instrument.emitted.end() && is_final(bar->start); ++bar) {
            take(*bar, instrument.indicators);
            instrument.stance = judge(*bar, instrument.stance);
        }
        instrument.is_settled_anew |= instrument.indicators.count != rows;
        instrument.touched |= has_moved;
        if (trade == instrument.tail.begin() && bar == instrument.emitted.begin()) return;
        instrument.tail.erase(instrument.tail.begin(), trade);
        instrument.emitted.erase(instrument.emitted.begin(), bar);
        instrument.touched = true;
    }

    // Takes trades and quotes that no record can change any more into the book's bar; true where a quote was among them.
    bool settle_quotes(Instrument& instrument, Int horizon) const {
        auto& quotes = instrument.quotes;
        if (quotes.is_empty()) return false;
        const auto quotes_end = quotes.tail_from(horizon);
        merge(quotes.last, quotes.tail.begin(), quotes_end, instrument.tail.begin(), instrument.tail_from(horizon),
              [&](Int event_time, bool) {
                  quotes.bar.open(start_of(event_time));
                  return &quotes.bar;
              });
        const bool has_moved = quotes_end != quotes.tail.begin();
        quotes.tail.erase(quotes.tail.begin(), quotes_end);
        return has_moved;
    }

    Int start_of(Int event_time) const { return floor_to(event_time, parameters_.width); }

    // Entries.

    std::uint32_t judge(const Entry& entry, bool is_correction) {
        const auto reason = broken_rule(entry, is_correction);
        if (reason != ADMITTED) return reason;
        Instrument& instrument = instruments_[entry.instrument_id];
        if (!instrument.of_source(entry.source).see(entry.source_seq)) return IS_FIRST_SEEN;
        instrument.touched = true;
        if (entry.event_time < horizon()) return ARRIVES_WITHIN_BOUND;
        if (is_correction) return correct(entry, instrument);
        if (static_cast<Int>(instrument.tail.size()) >= parameters_.tail_limit) return TAIL_HAS_ROOM;
        insert(entry, instrument);
        revise(entry.instrument_id, instrument, start_of(entry.event_time));
        return ADMITTED;
    }

    std::uint32_t judge(const QuoteEntry& entry) {
        const auto reason = broken_rule(entry);
        if (reason != ADMITTED) return reason;
        Instrument& instrument = instruments_[entry.instrument_id];
        if (!instrument.of_source(entry.source | OF_QUOTES).see(entry.source_seq)) return IS_FIRST_SEEN;
        instrument.touched = true;
        if (entry.event_time < horizon()) return ARRIVES_WITHIN_BOUND;
        if (static_cast<Int>(instrument.quotes.tail.size()) >= parameters_.tail_limit) return TAIL_HAS_ROOM;
        instrument.quotes.insert(quote_of(entry));
        Int first = HIGHEST;
        const Int start = start_of(entry.event_time);
        for (auto bar = instrument.emitted_at(start); bar != instrument.emitted.end(); ++bar) {
            if (say_quotes(entry.instrument_id, instrument, *bar)) first = std::min(first, bar->start);
        }
        if (first != HIGHEST) reckon(entry.instrument_id, instrument, first);
        return ADMITTED;
    }

    // The first rule that an entry of any kind breaks by what it belongs to.
    template <class E>
    std::uint32_t misplaced(const E& entry) const {
        if (entry.verdict != 0) return entry.verdict;
        if (entry.instrument_id < 1) return RECORD_IS_READABLE;
        if (clock_.session == NO_SESSION) return SESSION_IS_OPEN;
        if (entry.session_date < clock_.session) return ARRIVES_WITHIN_BOUND;
        return entry.session_date > clock_.session ? SESSION_IS_OPEN : ADMITTED;
    }

    bool is_ahead(Int event_time) const { return event_time > clock_.market_time + parameters_.ahead; }

    // The first rule that an entry breaks before its number is looked at.
    std::uint32_t broken_rule(const QuoteEntry& entry) const {
        if (const auto reason = misplaced(entry)) return reason;
        if (!has_whole_sides(entry)) return SIDES_ARE_WHOLE;
        return is_ahead(entry.event_time) ? EVENT_IS_NOT_AHEAD_OF_CLOCK : ADMITTED;
    }

    std::uint32_t broken_rule(const Entry& entry, bool is_correction) const {
        Int amount;
        if (const auto reason = misplaced(entry)) return reason;
        if (entry.price <= 0) return PRICE_IS_POSITIVE;
        if (entry.quantity < 0 || (entry.quantity == 0 && !is_correction)) return QUANTITY_IS_POSITIVE;
        if (!amount_of(entry.price, entry.quantity, amount)) return AMOUNT_IS_IN_RANGE;
        return is_ahead(entry.event_time) ? EVENT_IS_NOT_AHEAD_OF_CLOCK : ADMITTED;
    }

    void insert(const Entry& entry, Instrument& instrument) {
        const Trade trade{entry.event_time, entry.source, entry.source_seq, entry.price, entry.quantity, LOWEST};
        const auto before = [](const Trade& left, const Trade& right) {
            if (left.event_time != right.event_time) return left.event_time < right.event_time;
            if (left.source != right.source) return left.source < right.source;
            return left.source_seq < right.source_seq;
        };
        auto& tail = instrument.tail;
        tail.insert(std::upper_bound(tail.begin(), tail.end(), trade, before), trade);
        const Int start = start_of(trade.event_time);
        if (!instrument.is_emitted(start)) {
            instrument.next_close = std::min(instrument.next_close, start + parameters_.width);
        }
    }

    std::uint32_t correct(const Entry& entry, Instrument& instrument) {
        const auto trade = std::find_if(instrument.tail.begin(), instrument.tail.end(), [&](const Trade& each) {
            return each.source == entry.source && each.source_seq == entry.corrects_seq;
        });
        if (trade == instrument.tail.end()) {
            const bool is_known = instrument.of_source(entry.source).has(entry.corrects_seq);
            return is_known ? ARRIVES_WITHIN_BOUND : CORRECTED_TRADE_IS_KNOWN;
        }
        if (entry.source_seq < trade->corrected_by) return ADMITTED;
        const bool counts = trade->quantity != 0 || entry.quantity != 0;
        const bool changes = counts && (trade->price != entry.price || trade->quantity != entry.quantity);
        trade->price = entry.price;
        trade->quantity = entry.quantity;
        trade->corrected_by = entry.source_seq;
        const Int start = start_of(trade->event_time);
        if (!instrument.is_emitted(start)) {
            instrument.next_close = std::min(instrument.next_close, start + parameters_.width);
        }
        if (changes) revise(entry.instrument_id, instrument, start);
        return ADMITTED;
    }

    // Output.

    void revise(std::int32_t key, Instrument& instrument, Int start) {
        if (!instrument.is_emitted(start)) return;
        Bar bar;
        if (instrument.settled.trade_count > 0 && instrument.settled.start == start) bar = instrument.settled;
        bar.start = start;
        const Int end = start + parameters_.width;
        auto trade = instrument.tail_from(start);
        for (; trade != instrument.tail.end() && trade->event_time < end; ++trade) {
            if (trade->quantity > 0) bar.add(trade->price, trade->quantity);
        }
        emit(key, instrument, bar);
    }

    void emit(std::int32_t key, Instrument& instrument, Bar bar) {
        auto last = instrument.emitted_at(bar.start);
        if (last == instrument.emitted.end() || last->start != bar.start) {
            last = instrument.emitted.insert(last, Emitted{bar.start, -1, 0, 0, 0, 0, 0, 0, -1, 0, -1, {}, {}, -1, 0, NO_NUMBERS});
            clock_.judged = std::max(clock_.judged, bar.start);
        }
        if (bar.trade_count > 0) {
            last->open = bar.open;
            last->high = bar.high;
            last->low = bar.low;
            last->close = bar.close;
        }
        last->volume = bar.volume;
        last->trade_count = bar.trade_count;
        ++last->revision;
        instrument.touched = true;
        put(BAR, BarOut{cause_, key, clock_.session, static_cast<std::int32_t>(last->revision), bar.start,
                        last->open, last->high, last->low, last->close, bar.volume, bar.value, bar.trade_count,
                        clock_.market_time});
        say_quotes(key, instrument, *last);
        reckon(key, instrument, bar.start);
    }

    // Emits what quotes say of a bar where that is not what was said before, and tells whether it did; nothing before the
    // first quote, and nothing of a bar that corrections emptied before anything was said of it.
    bool say_quotes(std::int32_t key, Instrument& instrument, Emitted& said) {
        auto& quotes = instrument.quotes;
        if (quotes.is_empty() || (said.trade_count == 0 && said.quoted < 0)) return false;
        const Int end = said.start + parameters_.width;
        Quote last = quotes.last;
        QuoteBar bar = quotes.bar;
        bar.open(said.start);
        const auto quotes_end = quotes.tail_from(end);
        merge(last, quotes.tail.begin(), quotes_end, instrument.tail_from(said.start), instrument.tail_from(end),
              [&](Int event_time, bool) { return event_time >= said.start ? &bar : nullptr; });
        if (!last.is_given()) return false;
        const auto figures = said.trade_count > 0 ? figures_of(bar, last) : NO_FIGURES;
        const auto hash = byte_hash(reinterpret_cast<const Byte*>(&figures), sizeof(figures));
        if (said.quoted >= 0 && hash == said.figures) return false;
        ++said.quoted;
        said.figures = hash;
        said.numbers = numbers_of(figures);
        instrument.touched = true;
        put(QUOTED, QuotedOut{cause_, key, clock_.session, static_cast<std::int32_t>(said.quoted), said.start, figures,
                              clock_.market_time});
        return true;
    }

    // Emits the indicators and signals of a bar and of later ones whose history is no longer what it was; a bar that
    // corrections emptied has none, and its rows take back what was said. Where quotes alone are others, the indicators
    // stay as they were told.
    void reckon(std::int32_t key, Instrument& instrument, Int from) {
        if (stage_.width() == 0) return;
        IndicatorState state = instrument.indicators;
        Stance before = instrument.stance;
        for (auto& bar : instrument.emitted) {
            const auto opening = state.digest;
            take(bar, state);
            const Stance after = judge(bar, before);
            const bool is_told = bar.reckoned >= 0 && bar.digest == state.digest;
            if (bar.start >= from && !is_told) {
                if (bar.trade_count == 0) std::fill_n(values_, stage_.width(), std::numeric_limits<double>::quiet_NaN());
                bar.digest = state.digest;
                ++bar.reckoned;
                put(INDICATOR,
                    IndicatorsHead{cause_, key, clock_.session, static_cast<std::int32_t>(bar.reckoned), bar.start, opening,
                                   state.digest, clock_.market_time},
                    values_, stage_.width());
            }
            if (bar.start >= from) signal(key, bar, before, after);
            before = after;
        }
    }

    // Emits what each strategy did at a bar where that is not what was said before.
    void signal(std::int32_t key, Emitted& bar, Stance before, Stance after) {
        const auto* book = books_.at(bar.start);
        if (book == nullptr || (before == bar.before && after == bar.after)) return;
        Int revision = bar.signalled;
        for (int number = NO_STRATEGY; number < STRATEGY_LIMIT; ++number) {
            auto now = book->say(number, before, after);
            if (now == book->say(number, bar.before, bar.after)) continue;
            if (!now) now = book->withdrawal(number, before, after);
            revision = bar.signalled + 1;
            put(SIGNAL, signal_row(cause_, key, clock_.session, revision, bar.start, parameters_.width, number, *book, *now,
                                   clock_.market_time));
        }
        bar.signalled = revision;
        bar.before = before;
        bar.after = after;
    }

    // The stances after a bar whose numbers `take` has left in `inputs_`.
    Stance judge(const Emitted& bar, Stance before) const {
        const auto* book = books_.at(bar.start);
        return book == nullptr || bar.trade_count == 0 ? before : book->judge(before, inputs_.data());
    }

    // Prices as the batch reads them from DECIMAL(18,4): the double nearest to each.
    void take(const Emitted& bar, IndicatorState& state) {
        if (bar.trade_count == 0 || stage_.width() == 0) return;
        const auto price = [](Int unscaled) { return static_cast<double>(unscaled) / 10'000.0; };
        const std::array<double, INPUTS - 1> prices{price(bar.open), price(bar.high), price(bar.low), price(bar.close)};
        std::copy(prices.begin(), prices.end(), inputs_.begin());
        inputs_[INPUTS - 1] = static_cast<double>(bar.volume);
        std::memcpy(inputs_.data() + INPUTS, &bar.numbers, sizeof(QuoteNumbers));
        stage_.push(state, prices, bar.volume, values_);
    }

    void give_trade(Kind kind, std::uint32_t reason, const Entry& entry) {
        put(kind, TradeOut{cause_, reason, entry, clock_.market_time});
    }

    template <class Body>
    void put(Kind kind, const Body& body, const double* values = nullptr, std::size_t count = 0) {
        output_->put(kind, body, values, count);
        ++cause_.ordinal;
    }

    Parameters parameters_;
    IndicatorStage stage_;
    std::vector<double> inputs_;  // of the bar at hand: its own numbers, then at `values_` one per indicator
    double* values_ = nullptr;
    std::uint64_t hash_ = 0;
    Cause cause_;
    ClockState clock_ = NEW_CLOCK;
    Books books_;
    bool clock_touched_ = false, books_touched_ = false;
    Instruments instruments_;
    Output* output_ = nullptr;
};

}  // namespace kernels
