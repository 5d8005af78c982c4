// Volume: what was traded while prices moved. Formulas, units and sources: docs/indicators.md.
// Memory: the members, beside BACK earlier rows. The twin: spark_apps/kernels/reference_volume.py.
#pragma once

#include "kernels/indicator_parts.hpp"

namespace kernels {

template <class V>
struct OnBalance {
    static constexpr Indicator OUTPUTS[] = {{"obv", 0}};
    static constexpr int BACK = 1;
    V sum;

    void push(const Row<V>& row, V* out) {
        const V step = signed_by(row.close[0] - row.close[-1], row.volume[0]);
        sum += row.number == 0 ? row.volume[0] : step;
        out[0] = sum;
    }
};

template <class V>
struct Accumulation {
    static constexpr Indicator OUTPUTS[] = {{"accumulation_distribution", 0}};
    static constexpr int BACK = 0;
    V sum;

    void push(const Row<V>& row, V* out) {
        sum += flow_by_place(row);
        out[0] = sum;
    }
};

template <class V>
struct ChaikinOscillator {
    static constexpr Indicator OUTPUTS[] = {{"chaikin_oscillator_3_10", 9}};
    static constexpr int BACK = 0;
    V sum, fast, slow;

    void push(const Row<V>& row, V* out) {
        sum += flow_by_place(row);
        fast = row.number == 0 ? sum : (sum - fast) * (2.0 / 4.0) + fast;
        slow = row.number == 0 ? sum : (sum - slow) * (2.0 / 11.0) + slow;
        out[0] = fast - slow;
    }
};

template <class V>
struct ChaikinMoneyFlow20 {
    static constexpr Indicator OUTPUTS[] = {{"chaikin_money_flow_20", 19}};
    static constexpr int BACK = 19;
    Last<V, 20> flows;

    void push(const Row<V>& row, V* out) {
        out[0] = quotient(total<20>(flows.push(flow_by_place(row))), total<20>(row.volume));
    }
};

template <class V>
struct MoneyFlow14 {
    static constexpr Indicator OUTPUTS[] = {{"mfi_14", 14}};
    static constexpr int BACK = 15;
    V inflow, outflow;

    void push(const Row<V>& row, V* out) {
        const V entering = flow(row, 0), leaving = row.number >= 15 ? flow(row, -14) : V{};
        if (row.number >= 1) {
            inflow -= positive(leaving);
            outflow += negative(leaving);
            inflow += positive(entering);
            outflow -= negative(entering);
        }
        const V both = inflow + outflow;
        out[0] = pick(both >= all<V>(1.0), (inflow / both) * 100.0, V{});
    }

    static V flow(const Row<V>& row, int k) {
        return signed_by(row.typical[k] - row.typical[k - 1], row.typical[k] * row.volume[k]);
    }
};

template <class V>
struct Force13 {
    static constexpr Indicator OUTPUTS[] = {{"force_index_13", 13}};
    static constexpr int BACK = 1;
    Ema<V, 13> ema;

    void push(const Row<V>& row, V* out) {
        out[0] = ema.push((row.close[0] - row.close[-1]) * row.volume[0], row.number - 1);
    }
};

template <class V>
struct EaseOfMovement14 {
    static constexpr Indicator OUTPUTS[] = {{"ease_of_movement_14", 14}};
    static constexpr int BACK = 1;
    Last<V, 14> values;

    void push(const Row<V>& row, V* out) {
        const V high = row.high[0], low = row.low[0], way = (high + low) / 2.0 - (row.high[-1] + row.low[-1]) / 2.0;
        out[0] = mean<14>(values.push(quotient(way * (high - low), row.volume[0] / 100000000.0)));
    }
};

template <class V>
struct PriceTrend {
    static constexpr Indicator OUTPUTS[] = {{"volume_price_trend", 1}};
    static constexpr int BACK = 1;
    V sum;

    void push(const Row<V>& row, V* out) {
        sum += quotient(row.close[0] - row.close[-1], row.close[-1]) * row.volume[0];
        out[0] = sum;
    }
};

template <class V>
struct VolumeIndexes {
    static constexpr Indicator OUTPUTS[] = {{"negative_volume_index", 0}, {"positive_volume_index", 0}};
    static constexpr int BACK = 1;
    V quiet, busy;

    void push(const Row<V>& row, V* out) {
        const V change = quotient(row.close[0] - row.close[-1], row.close[-1]);
        const V volume = row.volume[0], before = row.volume[-1], start = all<V>(1000.0);
        quiet = row.number == 0 ? start : pick(volume < before, quiet * change + quiet, quiet);
        busy = row.number == 0 ? start : pick(volume > before, busy * change + busy, busy);
        out[0] = quiet;
        out[1] = busy;
    }
};

template <class V>
struct RollingVwap20 {
    static constexpr Indicator OUTPUTS[] = {{"rolling_vwap_20", 19}};
    static constexpr int BACK = 19;

    void push(const Row<V>& row, V* out) {
        out[0] = quotient(products<20>(row.typical, row.volume), total<20>(row.volume));
    }
};

template <class V>
struct VolumeMean20 {
    static constexpr Indicator OUTPUTS[] = {{"volume_sma_20", 19}, {"volume_ratio_20", 19}, {"volume_z_score_20", 19}};
    static constexpr int BACK = 19;

    void push(const Row<V>& row, V* out) {
        out[0] = mean<20>(row.volume);
        out[1] = quotient(row.volume[0], out[0]);
        out[2] = quotient(row.volume[0] - out[0], deviation<20>(row.volume));
    }
};

template <class V>
struct VolumeOscillator {
    static constexpr Indicator OUTPUTS[] = {{"volume_oscillator_12_26", 25}, {"volume_oscillator_signal_9", 33}};
    static constexpr int BACK = 0;
    Ema<V, 12> fast;
    Ema<V, 26> slow;
    Ema<V, 9> signal;

    void push(const Row<V>& row, V* out) {
        const V slow_mean = slow.push(row.volume[0], row.number);
        out[0] = quotient(fast.push(row.volume[0], row.number) - slow_mean, slow_mean) * 100.0;
        out[1] = signal.push(out[0], row.number - 25);
    }
};

template <class V>
struct Klinger {
    static constexpr Indicator OUTPUTS[] = {{"klinger_oscillator_34_55", 56}, {"klinger_signal_13", 68}};
    static constexpr int BACK = 1;
    V trend, measure;
    Ema<V, 34> fast;
    Ema<V, 55> slow;
    Ema<V, 13> signal;

    void push(const Row<V>& row, V* out) {
        const V range = row.high[0] - row.low[0], range_before = row.high[-1] - row.low[-1], one = all<V>(1.0);
        const V now = row.high[0] + row.low[0] + row.close[0], before = row.high[-1] + row.low[-1] + row.close[-1];
        const V direction = row.number < 2 ? V{} : pick(now > before, one, -one);
        measure = row.number < 2 ? V{} : pick(direction == trend, measure, range_before) + range;
        trend = direction;
        const V force = magnitude((quotient(range, measure) - 1.0) * 2.0) * row.volume[0] * trend * 100.0;
        const V moved = pick(measure != V{}, force, V{});
        out[0] = fast.push(moved, row.number - 2) - slow.push(moved, row.number - 2);
        out[1] = signal.push(out[0], row.number - 56);
    }
};

template <class V>
struct VolumeZone14 {
    static constexpr Indicator OUTPUTS[] = {{"volume_zone_oscillator_14", 14}};
    static constexpr int BACK = 1;
    Ema<V, 14> signed_volume, volume;

    void push(const Row<V>& row, V* out) {
        const V step = signed_by(row.close[0] - row.close[-1], row.volume[0]);
        const V top = signed_volume.push(step, row.number - 1);
        out[0] = quotient(top, volume.push(row.volume[0], row.number - 1)) * 100.0;
    }
};

}  // namespace kernels
