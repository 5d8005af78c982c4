// Trend, part one: averages of prices, lines through them and differences of averages.
// Formulas, units and sources: docs/indicators.md. Memory: the members, beside BACK earlier rows.
// The twin: spark_apps/kernels/reference_trend_averages.py.
#pragma once

#include "kernels/indicator_parts.hpp"

namespace kernels {

template <class V>
struct Mean20 {
    static constexpr Indicator OUTPUTS[] = {{"sma_20", 19}};
    static constexpr int BACK = 19;
    V sum;

    void push(const Row<V>& row, V* out) {
        sum += row.close[0];
        out[0] = sum / 20.0;
        sum -= row.close[-19];
    }
};

template <class V>
struct Exponential20 {
    static constexpr Indicator OUTPUTS[] = {{"ema_20", 19}};
    static constexpr int BACK = 0;
    Ema<V, 20> ema;

    void push(const Row<V>& row, V* out) { out[0] = ema.push(row.close[0], row.number); }
};

template <class V>
struct ChainedExponential20 {
    static constexpr Indicator OUTPUTS[] = {{"double_ema_20", 38}, {"triple_ema_20", 57}};
    static constexpr int BACK = 0;
    Ema<V, 20> first, second, third;

    void push(const Row<V>& row, V* out) {
        const V one = first.push(row.close[0], row.number), two = second.push(one, row.number - 19);
        const V three = third.push(two, row.number - 38);
        out[0] = one * 2.0 - two;
        out[1] = one * 3.0 - two * 3.0 + three;
    }
};

template <class V>
struct Weighted20 {
    static constexpr Indicator OUTPUTS[] = {{"weighted_average_20", 19}};
    static constexpr int BACK = 19;
    void push(const Row<V>& row, V* out) { out[0] = weighted<20>(row.close); }
};

template <class V>
struct Triangular20 {
    static constexpr Indicator OUTPUTS[] = {{"triangular_average_20", 19}};
    static constexpr int BACK = 19;

    void push(const Row<V>& row, V* out) {
        V sum = row.close[-19];
        for (int k = 18; k >= 0; --k) sum += row.close[-k] * double(k < 10 ? k + 1 : 20 - k);
        out[0] = sum / 110.0;
    }
};

template <class V>
struct Kaufman10 {
    static constexpr Indicator OUTPUTS[] = {{"kaufman_average_10", 10}};
    static constexpr int BACK = 10;
    V average;

    void push(const Row<V>& row, V* out) {
        const V close = row.close[0], noise = path<10>(row.close), direction = close - row.close[-10];
        const V one = all<V>(1.0), ratio = pick(noise > direction, magnitude(quotient(direction, noise)), one);
        const V speed = pick(noise < all<V>(EPSILON), one, ratio) * (2.0 / 3.0 - 2.0 / 31.0) + 2.0 / 31.0;
        average = row.number < 10 ? close : (close - average) * (speed * speed) + average;
        out[0] = average;
    }
};

template <class V>
struct Tillson5 {
    static constexpr Indicator OUTPUTS[] = {{"t3_average_5", 24}};
    static constexpr int BACK = 0;
    Ema<V, 5> first, second, third, fourth, fifth, sixth;

    void push(const Row<V>& row, V* out) {
        constexpr double v = 0.7, c1 = -(v * v * v), c2 = 3.0 * (v * v - c1), c3 = -6.0 * v * v - 3.0 * (v - c1);
        constexpr double c4 = 1.0 + 3.0 * v - c1 + 3.0 * v * v;
        const Int n = row.number;
        const V two = second.push(first.push(row.close[0], n), n - 4), three = third.push(two, n - 8);
        const V four = fourth.push(three, n - 12), five = fifth.push(four, n - 16), six = sixth.push(five, n - 20);
        out[0] = six * c1 + five * c2 + four * c3 + three * c4;
    }
};

template <class V>
struct Hull16 {
    static constexpr Indicator OUTPUTS[] = {{"hull_average_16", 18}};
    static constexpr int BACK = 15;
    Last<V, 4> raw;

    void push(const Row<V>& row, V* out) {
        out[0] = weighted<4>(raw.push(weighted<8>(row.close) * 2.0 - weighted<16>(row.close)));
    }
};

template <class V>
struct ZeroLag20 {
    static constexpr Indicator OUTPUTS[] = {{"zero_lag_ema_20", 28}};
    static constexpr int BACK = 9;
    Ema<V, 20> ema;

    void push(const Row<V>& row, V* out) {
        out[0] = ema.push(row.close[0] + (row.close[0] - row.close[-9]), row.number - 9);
    }
};

template <class V>
struct Smoothed14 {
    static constexpr Indicator OUTPUTS[] = {{"wilder_average_14", 13}};
    static constexpr int BACK = 0;
    Wilder<V, 14> wilder;

    void push(const Row<V>& row, V* out) { out[0] = wilder.push(row.close[0], row.number); }
};

template <class V>
struct VolumeWeighted20 {
    static constexpr Indicator OUTPUTS[] = {{"volume_weighted_average_20", 19}};
    static constexpr int BACK = 19;

    void push(const Row<V>& row, V* out) {
        out[0] = quotient(products<20>(row.close, row.volume), total<20>(row.volume));
    }
};

template <class V>
struct Regression14 {
    static constexpr Indicator OUTPUTS[] = {
        {"regression_value_14", 13}, {"regression_slope_14", 13}, {"regression_start_14", 13},
        {"regression_forecast_14", 13}};
    static constexpr int BACK = 13;

    void push(const Row<V>& row, V* out) {
        const Line<V> fit = line<14>(row.close);
        out[0] = fit.start + fit.slope * 13.0;
        out[1] = fit.slope;
        out[2] = fit.start;
        out[3] = fit.start + fit.slope * 14.0;
    }
};

template <class V>
struct Middle14 {
    static constexpr Indicator OUTPUTS[] = {{"midpoint_14", 13}, {"midprice_14", 13}};
    static constexpr int BACK = 13;

    void push(const Row<V>& row, V* out) {
        out[0] = (highest<14>(row.close) + lowest<14>(row.close)) / 2.0;
        out[1] = (highest<14>(row.high) + lowest<14>(row.low)) / 2.0;
    }
};

// The fast mean is seeded, as in TA-Lib, by the 12 closes that end with the 26th.
template <class V>
struct Macd {
    static constexpr Indicator OUTPUTS[] = {{"macd_12_26", 25}, {"macd_signal_9", 33}, {"macd_histogram_9", 33}};
    static constexpr int BACK = 11;
    V fast;
    Ema<V, 26> slow;
    Ema<V, 9> signal;

    void push(const Row<V>& row, V* out) {
        const V close = row.close[0];
        fast = row.number == 25 ? mean<12>(row.close) : (close - fast) * (2.0 / 13.0) + fast;
        out[0] = fast - slow.push(close, row.number);
        out[1] = signal.push(out[0], row.number - 25);
        out[2] = out[0] - out[1];
    }
};

template <class V>
struct Trix15 {
    static constexpr Indicator OUTPUTS[] = {{"trix_15", 43}};
    static constexpr int BACK = 0;
    Ema<V, 15> first, second, third;

    void push(const Row<V>& row, V* out) {
        const V two = second.push(first.push(row.close[0], row.number), row.number - 14), before = third.value;
        out[0] = rate(third.push(two, row.number - 28), before);
    }
};

template <class V>
struct Detrended20 {
    static constexpr Indicator OUTPUTS[] = {{"detrended_price_20", 19}};
    static constexpr int BACK = 19;
    void push(const Row<V>& row, V* out) { out[0] = row.close[-11] - mean<20>(row.close); }
};

}  // namespace kernels
