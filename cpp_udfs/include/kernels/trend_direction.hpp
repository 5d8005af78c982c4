// Trend, part two: direction, stops and ranges. Formulas, units and sources: docs/indicators.md.
// Memory: the members, beside BACK earlier rows. The twin: spark_apps/kernels/reference_trend_direction.py.
#pragma once

#include "kernels/indicator_parts.hpp"

namespace kernels {

template <class V>
struct KnowSureThing {
    static constexpr Indicator OUTPUTS[] = {{"know_sure_thing", 44}, {"know_sure_thing_signal_9", 52}};
    static constexpr int BACK = 30;
    Last<V, 10> rate_10, rate_15, rate_20;
    Last<V, 15> rate_30;
    Last<V, 9> values;

    void push(const Row<V>& row, V* out) {
        const V *close = row.close, now = close[0];
        const V one = mean<10>(rate_10.push(rate(now, close[-10]))), two = mean<10>(rate_15.push(rate(now, close[-15])));
        const V three = mean<10>(rate_20.push(rate(now, close[-20])));
        const V four = mean<15>(rate_30.push(rate(now, close[-30])));
        out[0] = one + two * 2.0 + three * 3.0 + four * 4.0;
        out[1] = mean<9>(values.push(out[0]));
    }
};

template <class V>
struct ParabolicSar {
    static constexpr Indicator OUTPUTS[] = {{"parabolic_sar", 1}};
    static constexpr int BACK = 1;
    V rising, stop, extreme, speed;

    void push(const Row<V>& row, V* out) {
        const V one = all<V>(1.0), high = row.high[0], low = row.low[0];
        V low_before = row.low[-1], high_before = row.high[-1];
        if (row.number == 1) {
            const V up = high - high_before, down = low_before - low;
            rising = pick(down > up, pick(down > V{}, V{}, one), one);
            stop = pick(rising > V{}, low_before, high_before);
            extreme = pick(rising > V{}, high, low);
            speed = all<V>(0.02);
            low_before = low;
            high_before = high;
        }
        const V falls = pick(low <= stop, one, V{}), lifts = pick(high >= stop, one, V{});
        const V turns = pick(rising > V{}, falls, lifts);
        rising = pick(turns > V{}, one - rising, rising);
        const V floor = smaller(low_before, low), ceiling = larger(high_before, high);
        const V turned = pick(rising > V{}, smaller(extreme, floor), larger(extreme, ceiling));
        const V shown = pick(turns > V{}, turned, stop), reached = pick(rising > V{}, high, low);
        const V further = pick(rising > V{}, larger(extreme, high), smaller(extreme, low));
        const V faster = pick(further != extreme, smaller(speed + 0.02, all<V>(0.2)), speed);
        extreme = pick(turns > V{}, reached, further);
        speed = pick(turns > V{}, all<V>(0.02), faster);
        const V next = (extreme - shown) * speed + shown;
        stop = pick(rising > V{}, smaller(next, floor), larger(next, ceiling));
        out[0] = shown;
    }
};

// Wilder's sums of directional movement over 14 rows.
template <class V>
struct Movement {
    V plus, minus;

    void push(const Row<V>& row) {
        const V up = row.high[0] - row.high[-1], down = row.low[-1] - row.low[0];
        const V rise = pick(up > down, positive(up), V{}), fall = pick(down > up, positive(down), V{});
        if (row.number >= 14) {
            plus -= plus * (1.0 / 14.0);
            minus -= minus * (1.0 / 14.0);
        }
        plus += row.number >= 1 ? rise : V{};
        minus += row.number >= 1 ? fall : V{};
    }
    V index() const { return quotient(magnitude(plus - minus), plus + minus) * 100.0; }
};

template <class V>
struct Directional14 {
    static constexpr Indicator OUTPUTS[] = {{"plus_directional_14", 14}, {"minus_directional_14", 14}};
    static constexpr int BACK = 1;
    Movement<V> movement;
    V range;

    void push(const Row<V>& row, V* out) {
        movement.push(row);
        if (row.number >= 14) range -= range * (1.0 / 14.0);
        range += row.number >= 1 ? row.true_range[0] : V{};
        out[0] = quotient(movement.plus, range) * 100.0;
        out[1] = quotient(movement.minus, range) * 100.0;
    }
};

template <class V>
struct DirectionalIndex14 {
    static constexpr Indicator OUTPUTS[] = {{"dx_14", 14}, {"adx_14", 27}};
    static constexpr int BACK = 1;
    Movement<V> movement;
    Wilder<V, 14> adx;

    void push(const Row<V>& row, V* out) {
        movement.push(row);
        out[0] = movement.index();
        out[1] = adx.push(out[0], row.number - 14);
    }
};

template <class V>
struct DirectionalRating14 {
    static constexpr Indicator OUTPUTS[] = {{"adxr_14", 40}};
    static constexpr int BACK = 1;
    Movement<V> movement;
    Wilder<V, 14> adx;
    Last<V, 14> values;

    void push(const Row<V>& row, V* out) {
        movement.push(row);
        const V* value = values.push(adx.push(movement.index(), row.number - 14));
        out[0] = (value[0] + value[-13]) / 2.0;
    }
};

template <class V>
struct Aroon14 {
    static constexpr Indicator OUTPUTS[] = {{"aroon_up_14", 14}, {"aroon_down_14", 14}, {"aroon_oscillator_14", 14}};
    static constexpr int BACK = 14;

    void push(const Row<V>& row, V* out) {
        V top = row.high[-14], bottom = row.low[-14], since_top = V{}, since_bottom = V{};
        for (int k = 13; k >= 0; --k) {
            const V high = row.high[-k], low = row.low[-k], place = all<V>(14 - k);
            since_top = pick(high >= top, place, since_top);
            since_bottom = pick(low <= bottom, place, since_bottom);
            top = larger(high, top);
            bottom = smaller(low, bottom);
        }
        out[0] = since_top * (100.0 / 14.0);
        out[1] = since_bottom * (100.0 / 14.0);
        out[2] = (since_top - since_bottom) * (100.0 / 14.0);
    }
};

template <class V>
struct Vortex14 {
    static constexpr Indicator OUTPUTS[] = {{"vortex_plus_14", 14}, {"vortex_minus_14", 14}};
    static constexpr int BACK = 14;

    void push(const Row<V>& row, V* out) {
        V plus = magnitude(row.high[-13] - row.low[-14]), minus = magnitude(row.low[-13] - row.high[-14]);
        for (int k = 12; k >= 0; --k) {
            plus += magnitude(row.high[-k] - row.low[-k - 1]);
            minus += magnitude(row.low[-k] - row.high[-k - 1]);
        }
        const V range = total<14>(row.true_range);
        out[0] = quotient(plus, range);
        out[1] = quotient(minus, range);
    }
};

template <class V>
struct Ichimoku {
    static constexpr Indicator OUTPUTS[] = {{"ichimoku_conversion_9", 8}, {"ichimoku_base_26", 25},
                                         {"ichimoku_span_a", 25}, {"ichimoku_span_b_52", 51}};
    static constexpr int BACK = 51;

    void push(const Row<V>& row, V* out) {
        out[0] = (highest<9>(row.high) + lowest<9>(row.low)) / 2.0;
        out[1] = (highest<26>(row.high) + lowest<26>(row.low)) / 2.0;
        out[2] = (out[0] + out[1]) / 2.0;
        out[3] = (highest<52>(row.high) + lowest<52>(row.low)) / 2.0;
    }
};

template <class V>
struct Supertrend10 {
    static constexpr Indicator OUTPUTS[] = {{"supertrend_10_3", 10}};
    static constexpr int BACK = 1;
    Wilder<V, 10> range;
    V upper, lower, rising;

    void push(const Row<V>& row, V* out) {
        const V reach = range.push(row.true_range[0], row.number - 1) * 3.0, close = row.close[0];
        const V middle = (row.high[0] + row.low[0]) / 2.0, above = middle + reach, below = middle - reach;
        const V before = row.close[-1], high_stop = pick(before > upper, above, smaller(above, upper));
        const V low_stop = pick(before < lower, below, larger(below, lower));
        upper = row.number <= 10 ? above : high_stop;
        lower = row.number <= 10 ? below : low_stop;
        const V holds = pick(close < lower, V{}, all<V>(1.0)), breaks = pick(close > upper, all<V>(1.0), V{});
        rising = row.number <= 10 ? V{} : pick(rising > V{}, holds, breaks);
        out[0] = pick(rising > V{}, lower, upper);
    }
};

template <class V>
struct MassIndex25 {
    static constexpr Indicator OUTPUTS[] = {{"mass_index_25", 40}};
    static constexpr int BACK = 0;
    Ema<V, 9> first, second;
    Last<V, 25> ratios;

    void push(const Row<V>& row, V* out) {
        const V one = first.push(row.high[0] - row.low[0], row.number), two = second.push(one, row.number - 8);
        out[0] = total<25>(ratios.push(quotient(one, two)));
    }
};

}  // namespace kernels
