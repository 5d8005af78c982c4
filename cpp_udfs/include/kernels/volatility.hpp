// Volatility: how wide rows, windows and bands are. Formulas, units and sources: docs/indicators.md.
// Memory: the members, beside BACK earlier rows. The twin: spark_apps/kernels/reference_volatility.py.
#pragma once

#include "kernels/indicator_parts.hpp"

namespace kernels {

template <class V>
struct TrueRange {
    static constexpr Indicator OUTPUTS[] = {{"true_range", 1}};
    static constexpr int BACK = 1;
    void push(const Row<V>& row, V* out) { out[0] = row.true_range[0]; }
};

template <class V>
struct AverageTrueRange14 {
    static constexpr Indicator OUTPUTS[] = {{"atr_14", 14}};
    static constexpr int BACK = 1;
    Wilder<V, 14> range;

    void push(const Row<V>& row, V* out) { out[0] = range.push(row.true_range[0], row.number - 1); }
};

template <class V>
struct NormalizedRange14 {
    static constexpr Indicator OUTPUTS[] = {{"normalized_atr_14", 14}};
    static constexpr int BACK = 1;
    Wilder<V, 14> range;

    void push(const Row<V>& row, V* out) {
        out[0] = quotient(range.push(row.true_range[0], row.number - 1), row.close[0]) * 100.0;
    }
};

// Mean and variance of 20 closes by running sums, as in TA-Lib; a variance below EPSILON is 0.
template <class V>
struct Moments20 {
    V sum, squares, mean, variance;

    V push(const Row<V>& row) {
        const V close = row.close[0], leaving = row.close[-19];
        sum += close;
        squares += close * close;
        mean = sum / 20.0;
        variance = squares / 20.0 - mean * mean;
        variance = pick(variance >= all<V>(EPSILON), variance, V{});
        sum -= leaving;
        squares -= leaving * leaving;
        return root(variance);
    }
};

template <class V>
struct Bollinger20 {
    static constexpr Indicator OUTPUTS[] = {
        {"bollinger_upper_20", 19}, {"bollinger_lower_20", 19}, {"standard_deviation_20", 19}, {"variance_20", 19}};
    static constexpr int BACK = 19;
    Moments20<V> moments;

    void push(const Row<V>& row, V* out) {
        out[2] = moments.push(row);
        const V band = out[2] * 2.0;
        out[0] = moments.mean + band;
        out[1] = moments.mean - band;
        out[3] = moments.variance;
    }
};

template <class V>
struct BollingerPlace20 {
    static constexpr Indicator OUTPUTS[] = {{"bollinger_percent_20", 19}, {"bollinger_width_20", 19}, {"z_score_20", 19}};
    static constexpr int BACK = 19;
    Moments20<V> moments;

    void push(const Row<V>& row, V* out) {
        const V deviation = moments.push(row), band = deviation * 2.0, distance = row.close[0] - moments.mean;
        out[0] = quotient(distance + band, band + band);
        out[1] = quotient(band + band, moments.mean);
        out[2] = quotient(distance, deviation);
    }
};

template <class V>
struct MeanDeviation20 {
    static constexpr Indicator OUTPUTS[] = {{"mean_deviation_20", 19}};
    static constexpr int BACK = 19;
    void push(const Row<V>& row, V* out) { out[0] = spread<20>(row.close); }
};

template <class V>
struct Keltner20 {
    static constexpr Indicator OUTPUTS[] = {{"keltner_upper_20", 19}, {"keltner_lower_20", 19}};
    static constexpr int BACK = 1;
    Ema<V, 20> ema;
    Wilder<V, 10> range;

    void push(const Row<V>& row, V* out) {
        const V middle = ema.push(row.close[0], row.number);
        const V band = range.push(row.true_range[0], row.number - 1) * 2.0;
        out[0] = middle + band;
        out[1] = middle - band;
    }
};

template <class V>
struct Donchian20 {
    static constexpr Indicator OUTPUTS[] = {{"donchian_upper_20", 19}, {"donchian_lower_20", 19}, {"donchian_middle_20", 19}};
    static constexpr int BACK = 19;

    void push(const Row<V>& row, V* out) {
        out[0] = highest<20>(row.high);
        out[1] = lowest<20>(row.low);
        out[2] = (out[0] + out[1]) / 2.0;
    }
};

template <class V>
struct ChaikinVolatility10 {
    static constexpr Indicator OUTPUTS[] = {{"chaikin_volatility_10", 19}};
    static constexpr int BACK = 0;
    Ema<V, 10> ema;
    Last<V, 11> values;

    void push(const Row<V>& row, V* out) {
        const V* value = values.push(ema.push(row.high[0] - row.low[0], row.number));
        out[0] = rate(value[0], value[-10]);
    }
};

template <class V>
struct Ulcer14 {
    static constexpr Indicator OUTPUTS[] = {{"ulcer_index_14", 26}};
    static constexpr int BACK = 13;
    Last<V, 14> squares;

    void push(const Row<V>& row, V* out) {
        const V fall = rate(row.close[0], highest<14>(row.close));
        out[0] = root(mean<14>(squares.push(fall * fall)));
    }
};

template <class V>
struct ReturnVolatility20 {
    static constexpr Indicator OUTPUTS[] = {{"return_volatility_20", 20}};
    static constexpr int BACK = 1;
    Last<V, 20> returns;

    void push(const Row<V>& row, V* out) { out[0] = deviation<20>(returns.push(rate(row.close[0], row.close[-1]))); }
};

template <class V>
struct Chandelier22 {
    static constexpr Indicator OUTPUTS[] = {{"chandelier_long_22", 22}, {"chandelier_short_22", 22}};
    static constexpr int BACK = 21;
    Wilder<V, 22> range;

    void push(const Row<V>& row, V* out) {
        const V reach = range.push(row.true_range[0], row.number - 1) * 3.0;
        out[0] = highest<22>(row.high) - reach;
        out[1] = lowest<22>(row.low) + reach;
    }
};

template <class V>
struct Acceleration20 {
    static constexpr Indicator OUTPUTS[] = {{"acceleration_upper_20", 19}, {"acceleration_lower_20", 19}};
    static constexpr int BACK = 0;
    Last<V, 20> uppers, lowers;

    void push(const Row<V>& row, V* out) {
        const V high = row.high[0], low = row.low[0], width = quotient((high - low) * 4.0, high + low);
        out[0] = mean<20>(uppers.push(high * (width + 1.0)));
        out[1] = mean<20>(lowers.push(low * (all<V>(1.0) - width)));
    }
};

template <class V>
struct RelativeVolatility14 {
    static constexpr Indicator OUTPUTS[] = {{"relative_volatility_14", 22}};
    static constexpr int BACK = 9;
    Wilder<V, 14> up, down;

    void push(const Row<V>& row, V* out) {
        const V change = row.close[0] - row.close[-1], width = deviation<10>(row.close);
        up.push(pick(change > V{}, width, V{}), row.number - 9);
        down.push(pick(change < V{}, width, V{}), row.number - 9);
        out[0] = quotient(up.value, up.value + down.value) * 100.0;
    }
};

template <class V>
struct MeanRange14 {
    static constexpr Indicator OUTPUTS[] = {{"mean_range_14", 13}};
    static constexpr int BACK = 13;
    void push(const Row<V>& row, V* out) { out[0] = (total<14>(row.high) - total<14>(row.low)) / 14.0; }
};

}  // namespace kernels
