// The parts that indicators are made of: a row with its past, means, windows, quotients.
//
// V is one double (one instrument) or a vector of doubles (one instrument per lane). Values never decide a branch: they
// go through `pick`. The row number, equal in all lanes, does. Only + - * / and sqrt, in one order, compiled without
// contraction, so lanes, single rows and the twin give the same bits. The twin: spark_apps/kernels/reference_parts.py.
#pragma once

#include <cmath>
#include <cstdint>

namespace kernels {

using Int = std::int64_t;

constexpr double EPSILON = 1e-14;  // TA-Lib's TA_EPSILON
// Rows of the past that a row can see; beyond SETTLED rows no indicator looks at the row number any more.
constexpr int HISTORY = 64, SETTLED = 128;

struct Indicator {
    const char* name;
    int warm_up;  // rows without a value
};

// One row and its past: close[0] is this row's, close[-1] the one before; 0.0 before the first row.
template <class V>
struct Row {
    Int number;
    const V *open, *high, *low, *close, *volume, *typical, *true_range;

    void step() {
        ++open, ++high, ++low, ++close, ++volume, ++typical, ++true_range;
    }
};

template <class C, class V>
inline V pick(C condition, V yes, V no) {
    return condition ? yes : no;
}
template <class V>
inline V all(double value) {
    return V{} + value;
}
template <class V>
inline V larger(V a, V b) {
    return pick(a > b, a, b);
}
template <class V>
inline V smaller(V a, V b) {
    return pick(a < b, a, b);
}
template <class V>
inline V magnitude(V x) {
    return pick(x < all<V>(0.0), -x, x);
}
template <class V>
inline V positive(V x) {
    return larger(x, V{});
}
template <class V>
inline V negative(V x) {
    return smaller(x, V{});
}
// A quotient by nothing is 0.
template <class V>
inline V quotient(V a, V b) {
    return pick(b != V{}, a / b, V{});
}
// Change from `before` to `now`, per cent.
template <class V>
inline V rate(V now, V before) {
    return pick(before != V{}, (now / before - 1.0) * 100.0, V{});
}
// `amount` signed by the direction of a change, 0 for none.
template <class V>
inline V signed_by(V change, V amount) {
    return pick(change > V{}, amount, V{}) - pick(change < V{}, amount, V{});
}
template <class V>
inline V root(V x) {
    if constexpr (sizeof(V) == sizeof(double)) {
        return std::sqrt(x);
    } else {
        for (unsigned lane = 0; lane < sizeof(V) / sizeof(double); ++lane) x[lane] = std::sqrt(x[lane]);
        return x;
    }
}

// Windows of N values that end with x[0], always added oldest first.
template <int N, class V>
inline V total(const V* x) {
    V sum = x[1 - N];
    for (int k = 2 - N; k <= 0; ++k) sum += x[k];
    return sum;
}
template <int N, class V>
inline V mean(const V* x) {
    return total<N>(x) / double(N);
}
template <int N, class V>
inline V products(const V* x, const V* y) {
    V sum = x[1 - N] * y[1 - N];
    for (int k = 2 - N; k <= 0; ++k) sum += x[k] * y[k];
    return sum;
}
// Mean weighted 1 (oldest) to N (newest).
template <int N, class V>
inline V weighted(const V* x) {
    V sum = x[1 - N];
    for (int k = 2 - N; k <= 0; ++k) sum += x[k] * double(N + k);
    return sum / (N * (N + 1) / 2.0);
}
template <int N, class V>
inline V highest(const V* x) {
    V best = x[1 - N];
    for (int k = 2 - N; k <= 0; ++k) best = larger(x[k], best);
    return best;
}
template <int N, class V>
inline V lowest(const V* x) {
    V best = x[1 - N];
    for (int k = 2 - N; k <= 0; ++k) best = smaller(x[k], best);
    return best;
}
// Mean distance from the mean.
template <int N, class V>
inline V spread(const V* x) {
    const V middle = mean<N>(x);
    V sum = magnitude(x[1 - N] - middle);
    for (int k = 2 - N; k <= 0; ++k) sum += magnitude(x[k] - middle);
    return sum / double(N);
}
// Population standard deviation, in two passes.
template <int N, class V>
inline V deviation(const V* x) {
    const V middle = mean<N>(x);
    V sum = (x[1 - N] - middle) * (x[1 - N] - middle);
    for (int k = 2 - N; k <= 0; ++k) sum += (x[k] - middle) * (x[k] - middle);
    return root(sum / double(N));
}
// Length of the way over the last N steps.
template <int N, class V>
inline V path(const V* x) {
    V sum = magnitude(x[1 - N] - x[-N]);
    for (int k = 2 - N; k <= 0; ++k) sum += magnitude(x[k] - x[k - 1]);
    return sum;
}
// Place of `value` between the lowest low and the highest high, 0 to 100.
template <class V>
inline V place(V value, V bottom, V top) {
    const V reach = (top - bottom) / 100.0;
    return pick(reach != V{}, (value - bottom) / reach, V{});
}

// Least squares line through N values: its slope, and its value at the oldest.
template <class V>
struct Line {
    V slope, start;
};
template <int N, class V>
inline Line<V> line(const V* x) {
    constexpr double places = N * (N - 1) / 2.0, squares = N * (N - 1) * (2 * N - 1) / 6.0;
    constexpr double divisor = places * places - N * squares;
    V sum = x[1 - N], moment = x[1 - N] * double(N - 1);
    for (int k = 2 - N; k <= 0; ++k) {
        sum += x[k];
        moment += x[k] * double(-k);
    }
    const V slope = (moment * double(N) - sum * places) / divisor;
    return {slope, (sum - slope * places) / double(N)};
}

// The last N values of a series that is not an input.
template <class V, int N>
struct Last {
    V values[N];

    const V* push(V x) {
        for (int i = 0; i + 1 < N; ++i) values[i] = values[i + 1];
        values[N - 1] = x;
        return values + (N - 1);
    }
};

// Exponential mean, seeded by the mean of the first N; `number` counts the rows of its own series.
template <class V, int N>
struct Ema {
    V value;

    V push(V x, Int number) {
        if (number >= N) {
            value = (x - value) * (2.0 / (N + 1)) + value;
        } else if (number >= 0) {
            value += x;
            if (number == N - 1) value /= double(N);
        }
        return value;
    }
};

// Wilder's mean, seeded by the mean of the first N.
template <class V, int N>
struct Wilder {
    V value;

    V push(V x, Int number) {
        if (number >= N) {
            value = (x - value) * (1.0 / N) + value;
        } else if (number >= 0) {
            value += x;
            if (number == N - 1) value /= double(N);
        }
        return value;
    }
};

// Wilder's means of gains and losses of the close.
template <class V>
struct Strength {
    Wilder<V, 14> gain, loss;

    V push(const Row<V>& row) {
        const V change = row.close[0] - row.close[-1];
        gain.push(positive(change), row.number - 1);
        loss.push(-negative(change), row.number - 1);
        const V both = gain.value + loss.value;
        return pick(both >= all<V>(EPSILON), (gain.value / both) * 100.0, V{});
    }
};

// Volume signed by the place of the close in the row's range, -volume to +volume.
template <class V>
inline V flow_by_place(const Row<V>& row) {
    const V high = row.high[0], low = row.low[0], close = row.close[0];
    return quotient((close - low) - (high - close), high - low) * row.volume[0];
}

}  // namespace kernels
