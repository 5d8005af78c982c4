// The indicator fold: twelve indicators per row, state carried from row to row; to the bit the values of the twin,
// spark_apps/kernels/reference_indicator_state.py, which follows TA-Lib's seeds and order of operations.
//
//   mean, ema:     (x - ema) * 2 / (n + 1) + ema, seeded by the mean of the first n
//   wilder:        (w * 13 + x) / 14, seeded by the mean of the first 14
//   bands:         mean +- 2 sqrt(sum(x^2) / 20 - mean^2)
//   rsi, mfi:      100 up / (up + down);  stochastic: (close - lowest) / ((highest - lowest) / 100)
//   digest:        d = (d ^ word) * FNV_PRIME; d ^= d >> 32 for high, low, close, volume
//
// Memory: 616 bytes per instrument: rings of 20 closes, 14 highs, lows, money flows, and thirteen sums and means.
// Only + - * / and sqrt, compiled without contraction, so every machine gives the same bits.
#pragma once

#include <cmath>
#include <unordered_map>

#include "kernels/records.hpp"

namespace kernels {

constexpr std::uint16_t INDICATOR_FOLD = 2, INDICATOR_LAYOUT = 1;
constexpr int INDICATORS = 12;
constexpr double EPSILON = 1e-14;  // TA-Lib's TA_EPSILON

struct Means {
    double total = 0, squares = 0, ema_20 = 0, ema_12 = 0, ema_26 = 0, signal = 0, gain = 0, loss = 0;
    double true_range = 0, obv = 0, inflow = 0, outflow = 0, typical = 0;
};
struct IndicatorState {
    Int count = 0;
    std::uint64_t digest = 0;
    double closes[20] = {}, highs[14] = {}, lows[14] = {}, flows[14] = {};
    Means means;
};
static_assert(sizeof(IndicatorState) == 616);

// Two numbers in one register: a division of both costs as much as one.
using Pair = double __attribute__((vector_size(16)));

inline std::uint64_t bits_of(double value) {
    std::uint64_t bits;
    std::memcpy(&bits, &value, sizeof(bits));
    return bits;
}

inline double positive(double value) { return value > 0.0 ? value : 0.0; }
inline double negative(double value) { return value < 0.0 ? value : 0.0; }

// `amount` signed by the direction of a change, 0 for none; without a branch that chance would decide.
inline double signed_by(double change, double amount) {
    const double up = change > 0.0 ? amount : 0.0, down = change < 0.0 ? amount : 0.0;
    return up - down;
}

// Works on a run of rows of one instrument; `finish` writes back what it holds in registers.
class IndicatorRun {
  public:
    explicit IndicatorRun(IndicatorState& state)
        : s(state), m(state.means), row(state.count), digest(state.count > 0 ? state.digest : FNV_OFFSET),
          r20(static_cast<int>(state.count % 20)), r14(static_cast<int>(state.count % 14)) {
        find_highest();
        find_lowest();
    }

    // Gives the digest after the row; `out` takes the twelve values.
    std::uint64_t push(double high, double low, double close, Int volume, double* out) {
        return row >= 34 ? step<true>(high, low, close, volume, out) : step<false>(high, low, close, volume, out);
    }

    void finish() {
        s.means = m;
        s.count = row;
        s.digest = digest;
    }

  private:
    static constexpr double NONE = std::numeric_limits<double>::quiet_NaN();

    template <bool warm>
    bool from(Int first) const {
        return warm || row >= first;
    }

    template <bool warm>
    std::uint64_t step(double high, double low, double close, Int volume, double* out) {
        const double before = s.closes[r20 == 0 ? 19 : r20 - 1], ten_ago = s.closes[r20 >= 10 ? r20 - 10 : r20 + 10];
        const int oldest_place = r20 == 19 ? 0 : r20 + 1;
        const double oldest = s.closes[oldest_place], traded = static_cast<double>(volume);
        s.closes[r20] = close;
        push_extremes(high, low);
        chain(high, low, close, volume);
        const double change = close - before;
        m.obv += from<warm>(1) ? signed_by(change, traded) : traded;
        const double typical = averages<warm>(high, low, close, before, change);
        const double flow_change = typical - m.typical, flow = typical * traded;
        m.typical = typical;
        money_flow<warm>(signed_by(flow_change, flow));

        // Relative strength and money flow: parts of a whole. Rate of change and stochastic: other quotients.
        const Pair parts{m.gain, m.inflow}, wholes{m.gain + m.loss, m.inflow + m.outflow};
        const Pair shares = Pair{100.0, 100.0} * (parts / wholes);
        const double reach = (highest - lowest) / 100.0;
        const Pair places = Pair{close, close - lowest} / Pair{ten_ago, reach};
        out[2] = !from<warm>(14) ? NONE : wholes[0] >= EPSILON ? shares[0] : 0.0;
        out[7] = from<warm>(14) ? m.true_range : NONE;
        out[8] = m.obv;
        out[9] = !from<warm>(10) ? NONE : ten_ago != 0.0 ? (places[0] - 1.0) * 100.0 : 0.0;
        out[10] = !from<warm>(13) ? NONE : reach != 0.0 ? places[1] : 0.0;
        out[11] = !from<warm>(14) ? NONE : wholes[1] >= 1.0 ? shares[1] : 0.0;
        bands<warm>(close, oldest, out);
        macd<warm>(close, out);
        ++row;
        r20 = oldest_place;
        r14 = r14 == 13 ? 0 : r14 + 1;
        return digest;
    }

    void chain(double high, double low, double close, Int volume) {
        for (const auto word : {bits_of(high), bits_of(low), bits_of(close), static_cast<std::uint64_t>(volume)}) {
            digest = (digest ^ word) * FNV_PRIME;
            digest ^= digest >> 32;
        }
    }

    // Wilder's means of gain, loss and true range; gives the typical price, which shares a division with one of them.
    template <bool warm>
    double averages(double high, double low, double close, double before, double change) {
        double widest = high - low;
        const double to_high = std::fabs(before - high), to_low = std::fabs(before - low);
        widest = to_high > widest ? to_high : widest;
        widest = to_low > widest ? to_low : widest;
        const double sum = high + low + close;
        if (!from<warm>(1)) return sum / 3.0;
        Pair moves{m.gain, m.loss};
        Pair ranges{m.true_range, sum};
        if (from<warm>(15)) {
            moves *= Pair{13.0, 13.0};
            ranges *= Pair{13.0, 1.0};
        }
        moves += Pair{positive(change), -negative(change)};
        ranges += Pair{widest, 0.0};
        const bool is_mean = from<warm>(14);
        if (is_mean) moves /= Pair{14.0, 14.0};
        ranges /= Pair{is_mean ? 14.0 : 1.0, 3.0};
        m.gain = moves[0];
        m.loss = moves[1];
        m.true_range = ranges[0];
        return ranges[1];
    }

    // The ring of flows holds what rose as positive, what fell as negative numbers.
    template <bool warm>
    void money_flow(double flowed) {
        if (!from<warm>(1)) return;
        const double leaving = s.flows[r14];
        m.inflow -= positive(leaving);
        m.outflow += negative(leaving);
        s.flows[r14] = flowed;
        m.inflow += positive(flowed);
        m.outflow -= negative(flowed);
    }

    // Mean, exponential mean and bands of 20 closes.
    template <bool warm>
    void bands(double close, double oldest, double* out) {
        m.total += close;
        m.squares += close * close;
        if (!from<warm>(19)) {
            out[0] = out[1] = out[5] = out[6] = NONE;
            return;
        }
        const Pair means = Pair{m.total, m.squares} / Pair{20.0, 20.0};
        const double mean = means[0], variance = means[1] - mean * mean;
        m.total -= oldest;
        m.squares -= oldest * oldest;
        const double band = (variance >= EPSILON ? std::sqrt(variance) : 0.0) * 2.0;
        m.ema_20 = from<warm>(20) ? (close - m.ema_20) * (2.0 / 21.0) + m.ema_20 : mean;
        out[0] = mean;
        out[1] = m.ema_20;
        out[5] = mean + band;
        out[6] = mean - band;
    }

    template <bool warm>
    void macd(double close, double* out) {
        out[3] = out[4] = NONE;
        if (!from<warm>(26)) m.ema_26 += close;
        if (!from<warm>(25)) return;
        if (from<warm>(26)) {
            m.ema_12 = (close - m.ema_12) * (2.0 / 13.0) + m.ema_12;
            m.ema_26 = (close - m.ema_26) * (2.0 / 27.0) + m.ema_26;
        } else {
            m.ema_26 /= 26.0;
            for (int place = 14; place < 26; ++place) m.ema_12 += s.closes[place % 20];
            m.ema_12 /= 12.0;
        }
        const double value = m.ema_12 - m.ema_26;
        out[3] = value;
        if (from<warm>(34)) {
            m.signal = (value - m.signal) * (2.0 / 10.0) + m.signal;
        } else {
            m.signal += value;
            if (row < 33) return;
            m.signal /= 9.0;
        }
        out[4] = m.signal;
    }

    void push_extremes(double high, double low) {
        s.highs[r14] = high;
        s.lows[r14] = low;
        if (high >= highest) {
            highest = high;
            highest_place = r14;
        } else if (highest_place == r14) {
            find_highest();
        }
        if (low <= lowest) {
            lowest = low;
            lowest_place = r14;
        } else if (lowest_place == r14) {
            find_lowest();
        }
    }

    void find_highest() {
        highest_place = 0;
        for (int i = 1; i < 14; ++i) highest_place = s.highs[i] > s.highs[highest_place] ? i : highest_place;
        highest = s.highs[highest_place];
    }

    void find_lowest() {
        lowest_place = 0;
        for (int i = 1; i < 14; ++i) lowest_place = s.lows[i] < s.lows[lowest_place] ? i : lowest_place;
        lowest = s.lows[lowest_place];
    }

    IndicatorState& s;
    Means m;
    Int row;
    std::uint64_t digest;
    int r20, r14;
    double highest = 0, lowest = 0;
    int highest_place = 0, lowest_place = 0;
};

struct PriceColumns {
    const std::int32_t* instrument_id;
    const double *high, *low, *close;
    const Int* volume;
    std::size_t size;
};

class IndicatorFold {
  public:
    IndicatorFold() {
        const Int spans[] = {20, 20, 14, 12, 26, 9, 20, 2, 14, 10, 14, 14};
        parameters_ = parameter_hash(spans, INDICATORS);
    }

    // The place of the first row whose prices are not finite, `size` when all are; nothing is folded before.
    static std::size_t first_bad(const PriceColumns& rows) {
        for (std::size_t i = 0; i < rows.size; ++i) {
            if (!(std::isfinite(rows.high[i]) && std::isfinite(rows.low[i]) && std::isfinite(rows.close[i]))) return i;
        }
        return rows.size;
    }

    // `values` holds size x 12 numbers by row.
    void apply(const PriceColumns& rows, double* values, Int* opening, Int* closing) {
        std::size_t i = 0;
        while (i < rows.size) {
            const auto id = rows.instrument_id[i];
            IndicatorState& state = states_[id];
            IndicatorRun run(state);
            Int digest = static_cast<Int>(state.digest);
            for (; i < rows.size && rows.instrument_id[i] == id; ++i) {
                opening[i] = digest;
                // Adding 0.0 turns -0.0 into 0.0: one zero, one bit pattern.
                digest = static_cast<Int>(run.push(rows.high[i] + 0.0, rows.low[i] + 0.0, rows.close[i] + 0.0,
                                                   rows.volume[i], values + i * INDICATORS));
                closing[i] = digest;
            }
            run.finish();
        }
    }

    std::vector<Byte> state(std::int32_t id) const {
        const auto place = states_.find(id);
        if (place == states_.end()) return {};
        std::vector<Byte> body;
        append(body, &place->second, 1);
        return seal(INDICATOR_FOLD, INDICATOR_LAYOUT, parameters_, body);
    }

    Problem restore(std::int32_t id, const std::string& section) {
        states_.erase(id);
        if (section.empty()) return {};
        const auto* bytes = reinterpret_cast<const Byte*>(section.data());
        if (auto problem = unseal(bytes, section.size(), INDICATOR_FOLD, INDICATOR_LAYOUT, parameters_)) return problem;
        Cursor cursor{bytes + sizeof(SectionHeader), section.size() - sizeof(SectionHeader)};
        const auto state = cursor.one<IndicatorState>();
        if (!cursor.fits || cursor.left > 0) return "its bytes are not those of the layout";
        states_[id] = state;
        return {};
    }

  private:
    std::uint64_t parameters_;
    std::unordered_map<std::int32_t, IndicatorState> states_;
};

}  // namespace kernels
