// What the best quotes say of a bar: the book at its end, how it moved within, and on which side trades crossed it.
// What every case means stands in the twin, spark_apps/kernels/reference_quotes.py.
//
//   order flow of a quote after another: [b >= b'] q(b) - [b <= b'] q(b') - [a <= a'] q(a) + [a >= a'] q(a')
//   a trade above the middle of the quote in force was bought, one below it was sold
//   effective spread = sum of quantity * |2 price - bid - ask| over sum of quantity * (bid + ask) / 2
//
// Memory: per instrument that is quoted the last settled quote (72 bytes), what is settled of a bar (56), the tail (72 per
// quote). Cost: a quote O(log tail), and O(tail) per bar that was given of its time or later.
#pragma once

#include <algorithm>
#include <cstdlib>

#include "kernels/records.hpp"

namespace kernels {

// A side that nobody quotes has price, quantity and depth 0. Depth is all that stands in the levels a source shows.
struct Quote {
    Int event_time = LOWEST, source = 0, source_seq = 0, bid = 0, bid_quantity = 0, ask = 0, ask_quantity = 0,
        bid_depth = 0, ask_depth = 0;

    bool is_given() const { return event_time != LOWEST; }
    bool is_before(const Quote& other) const {
        if (event_time != other.event_time) return event_time < other.event_time;
        if (source != other.source) return source < other.source;
        return source_seq < other.source_seq;
    }
};

inline Quote quote_of(const QuoteEntry& entry) {
    return {entry.event_time, entry.source,       entry.source_seq, entry.bid,      entry.bid_quantity,
            entry.ask,        entry.ask_quantity, entry.bid_depth,  entry.ask_depth};
}

inline bool has_whole_sides(const QuoteEntry& entry) {
    const auto is_whole = [](Int price, Int quantity, Int depth) {
        Int amount;
        if (price == 0) return quantity == 0 && depth == 0;
        return price > 0 && quantity > 0 && depth >= quantity && amount_of(price, depth, amount);
    };
    return is_whole(entry.bid, entry.bid_quantity, entry.bid_depth) &&
           is_whole(entry.ask, entry.ask_quantity, entry.ask_depth);
}

inline Int clamped_add(Int left, Int right) {
    Int sum;
    return __builtin_add_overflow(left, right, &sum) ? (right > 0 ? HIGHEST : -HIGHEST) : std::max(sum, -HIGHEST);
}

inline Int clamped_product(Int left, Int right) {
    Int product;
    return __builtin_mul_overflow(left, right, &product) ? HIGHEST : product;
}

// What happened to the book within a bar, as far as it goes.
struct QuoteBar {
    Int start = LOWEST, quotes = 0, order_flow = 0, bought = 0, sold = 0, paid = 0, worth = 0;

    void open(Int bar_start) {
        if (start != bar_start) *this = QuoteBar{bar_start, 0, 0, 0, 0, 0, 0};
    }
    void move(const Quote& before, const Quote& now) {
        ++quotes;
        if (!before.is_given()) return;
        const auto dearest = [](Int ask) { return ask == 0 ? HIGHEST : ask; };
        const Int ask = dearest(now.ask), ask_before = dearest(before.ask);
        Int flow = 0;
        if (now.bid >= before.bid) flow += now.bid_quantity;
        if (now.bid <= before.bid) flow -= before.bid_quantity;
        if (ask <= ask_before) flow -= now.ask_quantity;
        if (ask >= ask_before) flow += before.ask_quantity;
        order_flow = clamped_add(order_flow, flow);
    }
    void cross(const Quote& quote, Int price, Int quantity) {
        if (quote.bid == 0 || quote.ask == 0) return;
        const Int twice_middle = quote.bid + quote.ask, distance = 2 * price - twice_middle;
        if (distance > 0) bought = clamped_add(bought, quantity);
        if (distance < 0) sold = clamped_add(sold, quantity);
        paid = clamped_add(paid, clamped_product(quantity, std::abs(distance)));
        worth = clamped_add(worth, clamped_product(quantity, twice_middle));
    }
};
static_assert(sizeof(Quote) == 72 && sizeof(QuoteBar) == 56);

constexpr double BASIS_POINTS = 10'000.0;

constexpr QuoteFigures NO_FIGURES{0, 0, 0, 0, 0, 0, 0, -1, 0, 0, 0, NONE, NONE, NONE};
constexpr QuoteNumbers NO_NUMBERS{NONE, NONE, NONE, NONE, NONE, NONE};

inline QuoteNumbers numbers_of(const QuoteFigures& figures) {
    return {static_cast<double>(figures.order_flow), static_cast<double>(figures.bought), static_cast<double>(figures.sold),
            figures.spread, figures.effective_spread, figures.depth_imbalance};
}

// The figures of a bar as of the last quote before its end.
inline QuoteFigures figures_of(const QuoteBar& bar, const Quote& last) {
    const auto share = [](Int part, Int whole) {
        return whole == 0 ? NONE : static_cast<double>(part) / static_cast<double>(whole);
    };
    const bool has_sides = last.bid > 0 && last.ask > 0;
    return {last.event_time,
            last.bid,
            last.bid_quantity,
            last.ask,
            last.ask_quantity,
            last.bid_depth,
            last.ask_depth,
            bar.quotes,
            bar.order_flow,
            bar.bought,
            bar.sold,
            2 * BASIS_POINTS * share(last.ask - last.bid, has_sides ? last.ask + last.bid : 0),
            2 * BASIS_POINTS * share(bar.paid, bar.worth),
            share(last.bid_depth - last.ask_depth, last.bid_depth + last.ask_depth)};
}

// What the fold remembers of one instrument's quotes in a session.
struct QuoteState {
    Quote last;  // of those that are settled
    QuoteBar bar;
    std::vector<Quote> tail;

    bool is_empty() const { return !last.is_given() && tail.empty(); }

    std::vector<Quote>::iterator tail_from(Int event_time) {
        return std::lower_bound(tail.begin(), tail.end(), event_time,
                                [](const Quote& each, Int value) { return each.event_time < value; });
    }
    void insert(const Quote& quote) {
        const auto is_before = [](const Quote& left, const Quote& right) { return left.is_before(right); };
        tail.insert(std::upper_bound(tail.begin(), tail.end(), quote, is_before), quote);
    }
};

// Goes through quotes and trades by time, of one time quotes first. `last` is the quote in force, and moves on; `at` turns
// the time of a quote or a trade into the bar that takes note of it, or into none.
template <class Quotes, class Trades, class BarAt>
void merge(Quote& last, Quotes quote, Quotes quotes_end, Trades trade, Trades trades_end, BarAt at) {
    while (quote != quotes_end || trade != trades_end) {
        const bool is_quote = trade == trades_end || (quote != quotes_end && quote->event_time <= trade->event_time);
        if (is_quote) {
            if (QuoteBar* bar = at(quote->event_time, false)) bar->move(last, *quote);
            last = *quote++;
        } else {
            QuoteBar* bar = trade->quantity > 0 ? at(trade->event_time, true) : nullptr;
            if (bar != nullptr) bar->cross(last, trade->price, trade->quantity);
            ++trade;
        }
    }
}

}  // namespace kernels
