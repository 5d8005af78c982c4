// What quotes say of the bars of a whole session at once: the batch driver of quotes.hpp.
// What every case means stands in the twin, spark_apps/kernels/reference_session_quotes.py.
//
// Memory: 80 bytes per quote of the session, 72 per quote and 48 per trade of one instrument, 160 per bar that has figures.
// Cost: a pass over trades and quotes.
#pragma once

#include "kernels/bar_state.hpp"

namespace kernels {

// Trades by (instrument_id, event_time).
struct SessionTrades {
    const std::int32_t* instrument_id;
    const Int *event_time, *price, *quantity;
    std::size_t size;
};

inline bool is_time(Int event_time) { return event_time >= 0 && event_time <= CLOCK_LIMIT; }

// The place of the first quote that does not follow the one before it, by (instrument_id, event_time, source, source_seq),
// or whose sides are not whole; `size` when all do.
inline std::size_t first_misplaced(const std::vector<QuoteEntry>& quotes) {
    for (std::size_t i = 0; i < quotes.size(); ++i) {
        if (quotes[i].instrument_id < 1 || !is_time(quotes[i].event_time) || !has_whole_sides(quotes[i])) return i;
        if (i == 0 || quotes[i - 1].instrument_id < quotes[i].instrument_id) continue;
        if (quotes[i - 1].instrument_id > quotes[i].instrument_id || !quote_of(quotes[i - 1]).is_before(quote_of(quotes[i]))) return i;
    }
    return quotes.size();
}

// The place of the first trade that does not follow the one before it, or is none; `size` when all do.
inline std::size_t first_misplaced(const SessionTrades& trades) {
    for (std::size_t i = 0; i < trades.size; ++i) {
        Int amount;
        const auto id = trades.instrument_id[i];
        const bool is_trade = id > 0 && is_time(trades.event_time[i]) && trades.price[i] > 0 && trades.quantity[i] >= 0;
        if (!is_trade || !amount_of(trades.price[i], trades.quantity[i], amount)) return i;
        if (i == 0 || trades.instrument_id[i - 1] < id) continue;
        if (trades.instrument_id[i - 1] > id || trades.event_time[i - 1] > trades.event_time[i]) return i;
    }
    return trades.size;
}

// A row for each bar that has trades and a quote in force by its end, by (instrument_id, bar_start).
inline std::vector<QuotedOut> quotes_of(const SessionTrades& trades, const std::vector<QuoteEntry>& entries, Int width) {
    std::vector<QuotedOut> rows;
    std::size_t trade = 0;
    for (std::size_t first = 0, end = 0; first < entries.size(); first = end) {
        const auto id = entries[first].instrument_id;
        std::vector<Quote> quotes;
        for (end = first; end < entries.size() && entries[end].instrument_id == id; ++end) quotes.push_back(quote_of(entries[end]));
        while (trade < trades.size && trades.instrument_id[trade] < id) ++trade;
        std::vector<Trade> its_trades;
        for (; trade < trades.size && trades.instrument_id[trade] == id; ++trade) {
            its_trades.push_back({trades.event_time[trade], 0, 0, trades.price[trade], trades.quantity[trade], LOWEST});
        }
        Quote last;
        QuoteBar bar;
        bool is_traded = false;
        const auto close = [&] {
            if (is_traded && last.is_given()) {
                rows.push_back({Cause{}, id, entries[first].session_date, 0, bar.start, figures_of(bar, last), bar.start + width});
            }
        };
        merge(last, quotes.begin(), quotes.end(), its_trades.begin(), its_trades.end(), [&](Int event_time, bool is_trade) {
            const Int start = floor_to(event_time, width);
            if (start != bar.start) {
                close();
                bar.open(start);
                is_traded = false;
            }
            is_traded |= is_trade;
            return &bar;
        });
        close();
    }
    return rows;
}

}  // namespace kernels
