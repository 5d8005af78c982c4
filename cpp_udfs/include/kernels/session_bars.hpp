// The trades of whole sessions to bars at once: the batch driver of the bar's definition in bars.hpp.
// What every case means stands in the twin, spark_apps/kernels/reference_fold_bars.py.
//
// One pass over the rows, one open bar per instrument, when every instrument's rows come in (event_time, source_seq)
// order, however instruments are mixed; else rows are sorted first and the pass goes over the sorted places.
// Memory: 88 bytes per instrument, 80 per bar; when sorting, 8 per row.
#pragma once

#include <memory>
#include <numeric>

#include "kernels/bar_state.hpp"

namespace kernels {

struct TradeColumns {
    const std::int32_t* instrument_id;
    const Int *event_time, *source_seq, *price, *quantity;
    std::size_t size;
};

struct BarColumns {
    std::int32_t* instrument_id;
    Int *bar_start, *open, *high, *low, *close, *volume, *value, *trade_count, *available_at;
};

class SessionBars {
  public:
    explicit SessionBars(Int width) : width_(width) {}

    // The place of the first row that is no trade; `size` when all are.
    std::size_t fold(const TradeColumns& trades) {
        bool in_order = true;
        const auto row = pass<true>(trades, [](std::size_t i) { return i; }, in_order);
        if (row < trades.size || in_order) return row;
        open_.clear();
        pages_.clear();
        closed_.clear();
        const auto places = sorted(trades);
        pass<false>(trades, [&](std::size_t i) { return places[i]; }, in_order);
        return trades.size;
    }

    std::size_t size() const { return closed_.size() + open_.size(); }

    // Writes the bars by (instrument_id, bar_start): closed ones stand in order of time within their instrument.
    void write(const BarColumns& bars) {
        for (std::size_t slot = 0; slot < open_.size(); ++slot) close(slot);
        std::vector<std::size_t> slots(open_.size()), next(open_.size());
        std::iota(slots.begin(), slots.end(), 0);
        std::sort(slots.begin(), slots.end(),
                  [&](std::size_t left, std::size_t right) { return ids_[left] < ids_[right]; });
        std::size_t place = 0;
        for (const auto slot : slots) {
            next[slot] = place;
            place += open_[slot].bars;
        }
        for (const auto& [slot, bar] : closed_) {
            const auto at = next[slot]++;
            bars.instrument_id[at] = ids_[slot];
            bars.bar_start[at] = bar.start;
            bars.open[at] = bar.open;
            bars.high[at] = bar.high;
            bars.low[at] = bar.low;
            bars.close[at] = bar.close;
            bars.volume[at] = bar.volume;
            bars.value[at] = bar.value;
            bars.trade_count[at] = bar.trade_count;
            bars.available_at[at] = bar.start + width_;
        }
        open_.clear();
    }

  private:
    struct Open {
        Bar bar;
        Int end, last_time, last_seq;
        std::size_t bars;  // how many of the instrument are closed
    };
    struct Closed {
        std::size_t slot;
        Bar bar;
    };
    static constexpr int PAGE_BITS = 12;
    static constexpr std::size_t PAGE = std::size_t{1} << PAGE_BITS;

    template <bool checked, class Places>
    std::size_t pass(const TradeColumns& trades, Places place_of, bool& in_order) {
        bool rising = true;
        for (std::size_t i = 0; i < trades.size; ++i) {
            const auto row = place_of(i);
            const Int time = trades.event_time[row], price = trades.price[row], quantity = trades.quantity[row];
            const auto id = trades.instrument_id[row];
            Int amount = 0;
            if (checked) {
                const bool is_timed = static_cast<std::uint64_t>(time) <= static_cast<std::uint64_t>(CLOCK_LIMIT);
                const bool is_trade = is_timed & (id > 0) & (price > 0) & (quantity >= 0);
                if (!is_trade || !amount_of(price, quantity, amount)) return row;
            } else {
                amount = price * quantity;
            }
            if (quantity == 0 || (checked && !rising)) continue;
            Open& open = open_[slot_of(id, time)];
            const Int seq = trades.source_seq[row];
            rising = time > open.last_time || (time == open.last_time && seq >= open.last_seq);
            if (time >= open.end) {
                close(static_cast<std::size_t>(&open - open_.data()));
                begin(open, time);
            }
            open.last_time = time;
            open.last_seq = seq;
            Bar& bar = open.bar;
            if (bar.trade_count == 0) bar.open = price;
            bar.high = std::max(bar.high, price);
            bar.low = std::min(bar.low, price);
            bar.close = price;
            bar.volume = saturated_add(bar.volume, quantity);
            bar.value = saturated_add(bar.value, amount);
            ++bar.trade_count;
        }
        in_order = rising;
        return trades.size;
    }

    void begin(Open& open, Int time) const {
        open.bar = Bar{floor_to(time, width_), 0, LOWEST, HIGHEST, 0, 0, 0, 0};
        open.end = open.bar.start + width_;
    }

    void close(std::size_t slot) {
        closed_.push_back(Closed{slot, open_[slot].bar});
        ++open_[slot].bars;
    }

    std::size_t slot_of(std::int32_t id, Int time) {
        const auto number = static_cast<std::size_t>(id) >> PAGE_BITS, within = static_cast<std::size_t>(id) % PAGE;
        if (number < pages_.size() && pages_[number] != nullptr && pages_[number][within] >= 0) {
            return static_cast<std::size_t>(pages_[number][within]);
        }
        return new_slot(id, time);
    }

    std::size_t new_slot(std::int32_t id, Int time) {
        const auto number = static_cast<std::size_t>(id) >> PAGE_BITS, within = static_cast<std::size_t>(id) % PAGE;
        if (number >= pages_.size()) pages_.resize(number + 1);
        if (pages_[number] == nullptr) {
            pages_[number] = std::make_unique<std::int32_t[]>(PAGE);
            std::fill_n(pages_[number].get(), PAGE, -1);
        }
        pages_[number][within] = static_cast<std::int32_t>(open_.size());
        Open open{Bar{}, 0, time, LOWEST, 0};
        begin(open, time);
        open_.push_back(open);
        ids_.resize(open_.size());
        ids_.back() = id;
        return open_.size() - 1;
    }

    static std::vector<std::size_t> sorted(const TradeColumns& trades) {
        std::vector<std::size_t> places(trades.size);
        std::iota(places.begin(), places.end(), 0);
        std::stable_sort(places.begin(), places.end(), [&](std::size_t left, std::size_t right) {
            if (trades.instrument_id[left] != trades.instrument_id[right]) {
                return trades.instrument_id[left] < trades.instrument_id[right];
            }
            if (trades.event_time[left] != trades.event_time[right]) {
                return trades.event_time[left] < trades.event_time[right];
            }
            return trades.source_seq[left] < trades.source_seq[right];
        });
        return places;
    }

    Int width_;
    std::vector<Open> open_;  // by slot; a slot is given to each instrument as it first comes
    std::vector<std::int32_t> ids_;
    std::vector<std::unique_ptr<std::int32_t[]>> pages_;  // slot of each id, -1 for none
    std::vector<Closed> closed_;
};

}  // namespace kernels
