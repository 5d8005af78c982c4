// The strategies over whole sessions of bars at once: the batch driver of strategies.hpp.
// What every case means stands in the twin, spark_apps/kernels/reference_signals.py.
//
// Memory: a row per signal. Cost: a bar O(comparisons of its book).
#pragma once

#include "kernels/strategies.hpp"

namespace kernels {

// Bars by (instrument_id, bar_start), their numbers row by row.
struct BarRows {
    const std::int32_t *instrument_id, *session_date;
    const Int* bar_start;
    const double* inputs;
    std::size_t size, width;
};

// A row for each thing that a strategy did, by the books of one kind.
inline std::vector<SignalOut> signals_of(const Books& books, const BarRows& bars, Int width, std::uint32_t reads) {
    std::vector<SignalOut> signals;
    Stance before;
    for (std::size_t i = 0; i < bars.size; ++i) {
        const bool goes_on = i > 0 && bars.instrument_id[i] == bars.instrument_id[i - 1] &&
                             bars.session_date[i] == bars.session_date[i - 1];
        if (!goes_on) before = Stance{};
        const auto* book = books.at(bars.bar_start[i], reads);
        if (book == nullptr) continue;
        const auto after = book->judge(before, bars.inputs + i * bars.width);
        for (int number = NO_STRATEGY; number < STRATEGY_LIMIT; ++number) {
            const auto said = book->say(number, before, after);
            if (!said) continue;
            signals.push_back(signal_row(Cause{}, bars.instrument_id[i], bars.session_date[i], 0, bars.bar_start[i], width,
                                         number, *book, *said, bars.bar_start[i] + width));
        }
        before = after;
    }
    return signals;
}

}  // namespace kernels
