// Momentum: how fast, how far, and against what range. Formulas, units and sources: docs/indicators.md.
// Memory: the members, beside BACK earlier rows. The twin: spark_apps/kernels/reference_momentum.py.
#pragma once

#include "kernels/indicator_parts.hpp"

namespace kernels {

template <class V>
struct Rsi14 {
    static constexpr Indicator OUTPUTS[] = {{"rsi_14", 14}};
    static constexpr int BACK = 1;
    Strength<V> strength;

    void push(const Row<V>& row, V* out) { out[0] = strength.push(row); }
};

template <class V>
struct Chande14 {
    static constexpr Indicator OUTPUTS[] = {{"cmo_14", 14}};
    static constexpr int BACK = 1;
    Strength<V> strength;

    void push(const Row<V>& row, V* out) {
        strength.push(row);
        const V gain = strength.gain.value, loss = strength.loss.value;
        out[0] = quotient(gain - loss, gain + loss) * 100.0;
    }
};

template <class V>
inline V stochastic(const Row<V>& row) {
    return place(row.close[0], lowest<14>(row.low), highest<14>(row.high));
}

template <class V>
struct Stochastic14 {
    static constexpr Indicator OUTPUTS[] = {{"stochastic_k_14", 13}};
    static constexpr int BACK = 13;
    void push(const Row<V>& row, V* out) { out[0] = stochastic(row); }
};

template <class V>
struct StochasticMeans14 {
    static constexpr Indicator OUTPUTS[] = {{"stochastic_d_3", 15}, {"stochastic_slow_d_3", 17}};
    static constexpr int BACK = 13;
    Last<V, 3> fast, slow;

    void push(const Row<V>& row, V* out) {
        out[0] = mean<3>(fast.push(stochastic(row)));
        out[1] = mean<3>(slow.push(out[0]));
    }
};

template <class V>
struct StochasticRsi14 {
    static constexpr Indicator OUTPUTS[] = {{"stochastic_rsi_k_14", 27}, {"stochastic_rsi_d_3", 29}};
    static constexpr int BACK = 1;
    Strength<V> strength;
    Last<V, 14> values;
    Last<V, 3> places;

    void push(const Row<V>& row, V* out) {
        const V* rsi = values.push(strength.push(row));
        out[0] = place(rsi[0], lowest<14>(rsi), highest<14>(rsi));
        out[1] = mean<3>(places.push(out[0]));
    }
};

template <class V>
struct Williams14 {
    static constexpr Indicator OUTPUTS[] = {{"williams_r_14", 13}};
    static constexpr int BACK = 13;

    void push(const Row<V>& row, V* out) {
        const V top = highest<14>(row.high);
        out[0] = quotient(top - row.close[0], top - lowest<14>(row.low)) * -100.0;
    }
};

template <class V>
struct CommodityChannel20 {
    static constexpr Indicator OUTPUTS[] = {{"cci_20", 19}};
    static constexpr int BACK = 19;

    void push(const Row<V>& row, V* out) {
        out[0] = quotient(row.typical[0] - mean<20>(row.typical), spread<20>(row.typical) * 0.015);
    }
};

template <class V>
struct Change10 {
    static constexpr Indicator OUTPUTS[] = {{"momentum_10", 10}, {"roc_10", 10}, {"rate_ratio_10", 10}};
    static constexpr int BACK = 10;

    void push(const Row<V>& row, V* out) {
        const V now = row.close[0], before = row.close[-10], ratio = quotient(now, before);
        out[0] = now - before;
        out[1] = pick(before != V{}, (ratio - 1.0) * 100.0, V{});
        out[2] = ratio;
    }
};

template <class V>
struct AbsoluteOscillator {
    static constexpr Indicator OUTPUTS[] = {{"absolute_price_oscillator_12_26", 25}};
    static constexpr int BACK = 25;
    void push(const Row<V>& row, V* out) { out[0] = mean<12>(row.close) - mean<26>(row.close); }
};

template <class V>
struct PercentageOscillator {
    static constexpr Indicator OUTPUTS[] = {{"percentage_price_oscillator_12_26", 25},
                                         {"percentage_price_oscillator_signal_9", 33}};
    static constexpr int BACK = 0;
    Ema<V, 12> fast;
    Ema<V, 26> slow;
    Ema<V, 9> signal;

    void push(const Row<V>& row, V* out) {
        const V slow_mean = slow.push(row.close[0], row.number);
        out[0] = quotient(fast.push(row.close[0], row.number) - slow_mean, slow_mean) * 100.0;
        out[1] = signal.push(out[0], row.number - 25);
    }
};

// Buying pressure over the true range, N rows.
template <int N, class V>
inline V pressure(const Row<V>& row) {
    V sum = row.close[1 - N] - smaller(row.low[1 - N], row.close[-N]);
    for (int k = N - 2; k >= 0; --k) sum += row.close[-k] - smaller(row.low[-k], row.close[-k - 1]);
    return quotient(sum, total<N>(row.true_range));
}

template <class V>
struct Ultimate {
    static constexpr Indicator OUTPUTS[] = {{"ultimate_oscillator_7_14_28", 28}};
    static constexpr int BACK = 28;

    void push(const Row<V>& row, V* out) {
        out[0] = (pressure<7>(row) * 4.0 + pressure<14>(row) * 2.0 + pressure<28>(row)) * 100.0 / 7.0;
    }
};

template <class V>
struct BalanceOfPower {
    static constexpr Indicator OUTPUTS[] = {{"balance_of_power", 0}};
    static constexpr int BACK = 0;
    void push(const Row<V>& row, V* out) { out[0] = quotient(row.close[0] - row.open[0], row.high[0] - row.low[0]); }
};

template <class V>
struct Awesome {
    static constexpr Indicator OUTPUTS[] = {{"awesome_oscillator_5_34", 33}, {"accelerator_5", 37}};
    static constexpr int BACK = 33;
    Last<V, 5> values;

    void push(const Row<V>& row, V* out) {
        out[0] = (total<5>(row.high) + total<5>(row.low)) / 10.0 - (total<34>(row.high) + total<34>(row.low)) / 68.0;
        out[1] = out[0] - mean<5>(values.push(out[0]));
    }
};

template <class V>
struct TrueStrength {
    static constexpr Indicator OUTPUTS[] = {{"true_strength_25_13", 37}, {"true_strength_signal_7", 43}};
    static constexpr int BACK = 1;
    Ema<V, 25> change, size;
    Ema<V, 13> change_again, size_again;
    Ema<V, 7> signal;

    void push(const Row<V>& row, V* out) {
        const V step = row.close[0] - row.close[-1];
        const Int n = row.number;
        const V top = change_again.push(change.push(step, n - 1), n - 25);
        out[0] = quotient(top, size_again.push(size.push(magnitude(step), n - 1), n - 25)) * 100.0;
        out[1] = signal.push(out[0], n - 37);
    }
};

template <class V>
struct Coppock {
    static constexpr Indicator OUTPUTS[] = {{"coppock_curve_10", 23}};
    static constexpr int BACK = 14;
    Last<V, 10> rates;

    void push(const Row<V>& row, V* out) {
        const V now = row.close[0];
        out[0] = weighted<10>(rates.push(rate(now, row.close[-14]) + rate(now, row.close[-11])));
    }
};

// Mean of x - y over four rows, weighted 1, 2, 2, 1.
template <class V>
inline V smooth_difference(const V* x, const V* y) {
    return ((x[0] - y[0]) + (x[-1] - y[-1]) * 2.0 + (x[-2] - y[-2]) * 2.0 + (x[-3] - y[-3])) / 6.0;
}

template <class V>
struct RelativeVigor10 {
    static constexpr Indicator OUTPUTS[] = {{"relative_vigor_10", 12}, {"relative_vigor_signal_4", 15}};
    static constexpr int BACK = 3;
    Last<V, 10> bodies, ranges;
    Last<V, 4> values;

    void push(const Row<V>& row, V* out) {
        const V body = total<10>(bodies.push(smooth_difference(row.close, row.open)));
        out[0] = quotient(body, total<10>(ranges.push(smooth_difference(row.high, row.low))));
        const V* value = values.push(out[0]);
        out[1] = (value[0] + value[-1] * 2.0 + value[-2] * 2.0 + value[-3]) / 6.0;
    }
};

template <class V>
struct ElderRay13 {
    static constexpr Indicator OUTPUTS[] = {{"bull_power_13", 12}, {"bear_power_13", 12}};
    static constexpr int BACK = 0;
    Ema<V, 13> ema;

    void push(const Row<V>& row, V* out) {
        const V middle = ema.push(row.close[0], row.number);
        out[0] = row.high[0] - middle;
        out[1] = row.low[0] - middle;
    }
};

template <class V>
struct ForecastOscillator14 {
    static constexpr Indicator OUTPUTS[] = {{"forecast_oscillator_14", 14}};
    static constexpr int BACK = 14;

    void push(const Row<V>& row, V* out) {
        const Line<V> fit = line<14>(row.close - 1);
        out[0] = quotient(row.close[0] - (fit.start + fit.slope * 14.0), row.close[0]) * 100.0;
    }
};

template <class V>
struct Psychological12 {
    static constexpr Indicator OUTPUTS[] = {{"psychological_line_12", 12}};
    static constexpr int BACK = 12;

    void push(const Row<V>& row, V* out) {
        V count = V{};
        for (int k = 11; k >= 0; --k) count += pick(row.close[-k] > row.close[-k - 1], all<V>(1.0), V{});
        out[0] = count * 100.0 / 12.0;
    }
};

template <class V>
struct Disparity20 {
    static constexpr Indicator OUTPUTS[] = {{"disparity_20", 19}};
    static constexpr int BACK = 19;
    void push(const Row<V>& row, V* out) { out[0] = rate(row.close[0], mean<20>(row.close)); }
};

template <class V>
struct Efficiency10 {
    static constexpr Indicator OUTPUTS[] = {{"efficiency_ratio_10", 10}};
    static constexpr int BACK = 10;

    void push(const Row<V>& row, V* out) {
        out[0] = quotient(magnitude(row.close[0] - row.close[-10]), path<10>(row.close));
    }
};

template <class V>
struct Body10 {
    static constexpr Indicator OUTPUTS[] = {{"mean_body_10", 9}};
    static constexpr int BACK = 9;
    void push(const Row<V>& row, V* out) { out[0] = (total<10>(row.close) - total<10>(row.open)) / 10.0; }
};

}  // namespace kernels
