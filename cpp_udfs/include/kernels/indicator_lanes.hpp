// Fold rows of WIDTH instruments at once, one instrument per lane of V; V = double is the plain loop.
//
// Groups (indicators that share a state) run one after the other over a block of rows, so each keeps its state in
// registers, and only chosen groups run. Warm-up rows become NaN here, by the number that each output declares.
//   digest: d = (d ^ word) * FNV_PRIME; d ^= d >> 32 for open, high, low, close, volume as doubles
// Memory: 7 columns of HISTORY + BLOCK rows and the chosen groups' states, on the stack; nothing is allocated.
// This header is compiled once per instruction set (src/lanes_*.cpp): nothing in it may be a plain inline function.
#pragma once

#include <tuple>
#include <utility>

#include "kernels/momentum.hpp"
#include "kernels/records.hpp"
#include "kernels/trend_averages.hpp"
#include "kernels/trend_direction.hpp"
#include "kernels/volatility.hpp"
#include "kernels/volume.hpp"

namespace kernels {

// The order of spark_apps/tables/indicators.py and of the twin.
template <class V>
using Groups = std::tuple<
    Mean20<V>, Exponential20<V>, ChainedExponential20<V>, Weighted20<V>, Triangular20<V>, Kaufman10<V>, Tillson5<V>,
    Hull16<V>, ZeroLag20<V>, Smoothed14<V>, VolumeWeighted20<V>, Regression14<V>, Middle14<V>, Macd<V>, Trix15<V>,
    Detrended20<V>, KnowSureThing<V>, ParabolicSar<V>, Directional14<V>, DirectionalIndex14<V>,
    DirectionalRating14<V>, Aroon14<V>, Vortex14<V>, Ichimoku<V>, Supertrend10<V>, MassIndex25<V>, Rsi14<V>, Chande14<V>, Stochastic14<V>,
    StochasticMeans14<V>, StochasticRsi14<V>, Williams14<V>, CommodityChannel20<V>, Change10<V>, AbsoluteOscillator<V>,
    PercentageOscillator<V>, Ultimate<V>, BalanceOfPower<V>, Awesome<V>, TrueStrength<V>, Coppock<V>,
    RelativeVigor10<V>, ElderRay13<V>, ForecastOscillator14<V>, Psychological12<V>, Disparity20<V>, Efficiency10<V>,
    Body10<V>, TrueRange<V>, AverageTrueRange14<V>, NormalizedRange14<V>, Bollinger20<V>, BollingerPlace20<V>,
    MeanDeviation20<V>, Keltner20<V>, Donchian20<V>, ChaikinVolatility10<V>, Ulcer14<V>, ReturnVolatility20<V>,
    Chandelier22<V>, Acceleration20<V>, RelativeVolatility14<V>, MeanRange14<V>, OnBalance<V>, Accumulation<V>,
    ChaikinOscillator<V>, ChaikinMoneyFlow20<V>, MoneyFlow14<V>, Force13<V>, EaseOfMovement14<V>, PriceTrend<V>,
    VolumeIndexes<V>, RollingVwap20<V>, VolumeMean20<V>, VolumeOscillator<V>, Klinger<V>, VolumeZone14<V>>;

constexpr int GROUPS = std::tuple_size_v<Groups<double>>;
constexpr int INPUTS = 5, BLOCK = 64;  // open, high, low, close, volume

template <class G>
constexpr int outputs_of = sizeof(G::OUTPUTS) / sizeof(Indicator);
// A group without members still has a size of one byte in C++: no words.
template <class G, class V>
constexpr int words_of = sizeof(G) / sizeof(V);
template <class V, std::size_t... I>
constexpr int all_words(std::index_sequence<I...>) {
    return (... + words_of<std::tuple_element_t<I, Groups<V>>, V>);
}
template <class V, std::size_t... I>
constexpr int all_outputs(std::index_sequence<I...>) {
    return (... + outputs_of<std::tuple_element_t<I, Groups<V>>>);
}
constexpr int WORDS = all_words<double>(std::make_index_sequence<GROUPS>());
constexpr int INDICATORS = all_outputs<double>(std::make_index_sequence<GROUPS>());

// Which outputs are computed: `columns` is the place of each in the values, -1 for none; `depth` rows of past are kept.
struct Selection {
    bool chosen[GROUPS] = {};
    int columns[INDICATORS];
    int depth = 0, words = 0;
};
// The rows of one call. Rows of one instrument stand together, or `places` says where each of them stands.
struct FoldRows {
    const double* prices[INPUTS - 1];
    const Int* volume;
    const Int* places;
    Int size;
    double* values;  // column after column
    Int *opening, *closing;
};
// One instrument: its state (INPUTS columns of `depth` earlier rows, then the groups' words) and its next row.
struct Lane {
    double* words;
    std::uint64_t* digest;
    Int count, first;
};
using FoldPack = void (*)(const Selection&, const FoldRows&, const Lane*, Int);

// Integers side by side: as wide as V.
template <class T, int SIZE>
struct Wide {
    using type __attribute__((vector_size(SIZE))) = T;
};
template <class T>
struct Wide<T, sizeof(T)> {
    using type = T;
};

// Turns WIDTH vectors of one row each into WIDTH vectors of one lane each, or back, in log2(WIDTH) rounds of exchanges.
template <int STEP, class T, std::size_t... I>
inline void exchange(T& a, T& b, std::index_sequence<I...>) {
    constexpr std::size_t width = sizeof...(I);
    const T first = __builtin_shufflevector(a, b, ((I & STEP) != 0 ? width + I - STEP : I)...);
    b = __builtin_shufflevector(a, b, ((I & STEP) != 0 ? width + I : I + STEP)...);
    a = first;
}
template <int WIDTH, int STEP = 1, class T>
inline void transpose(T* vectors) {
    if constexpr (STEP < WIDTH) {
        for (int i = 0; i < WIDTH; ++i) {
            if ((i & STEP) == 0) exchange<STEP>(vectors[i], vectors[i + STEP], std::make_index_sequence<WIDTH>());
        }
        transpose<WIDTH, 2 * STEP>(vectors);
    }
}

template <class V>
class Pack {
    static constexpr int WIDTH = sizeof(V) / sizeof(double);
    using W = typename Wide<std::uint64_t, sizeof(V)>::type;
    using I = typename Wide<Int, sizeof(V)>::type;

  public:
    Pack(const Selection& selection, const FoldRows& rows, const Lane* lanes)
        : selection_(selection), rows_(rows), lanes_(lanes), number_(lanes[0].count) {
        const int past = HISTORY - selection.depth;
        for (auto& column : columns_) column[past - 1] = V{};
        for (int i = 0; i < INPUTS * selection.depth; ++i) {
            columns_[i / selection.depth][past + i % selection.depth] = word(i);
        }
        for (int i = past; i < HISTORY; ++i) derive(i, number_ + i - HISTORY);
        for (int i = INPUTS * selection.depth; i < selection.words; ++i) words_[i - INPUTS * selection.depth] = word(i);
        for (int lane = 0; lane < WIDTH; ++lane) set(digest_, lane, *lanes[lane].digest);
    }

    void run(Int rows) {
        for (done_ = 0; done_ < rows; done_ += size_) {
            size_ = static_cast<int>(rows - done_ < BLOCK ? rows - done_ : BLOCK);
            read_block();
            chain();
            run_groups(std::make_index_sequence<GROUPS>());
            number_ += size_;
            const int past = HISTORY - selection_.depth;
            for (auto& column : columns_) {
                for (int i = past; i < HISTORY; ++i) column[i] = column[i + size_];
            }
        }
        finish();
    }

  private:
    template <class T, class U>
    static void set(T& vector, int lane, U value) {
        if constexpr (WIDTH == 1) {
            vector = value;
        } else {
            vector[lane] = value;
        }
    }
    template <class T>
    static auto get(const T& vector, int lane) {
        if constexpr (WIDTH == 1) {
            return vector;
        } else {
            return vector[lane];
        }
    }

    V word(int place) const {
        V value;
        for (int lane = 0; lane < WIDTH; ++lane) set(value, lane, lanes_[lane].words[place]);
        return value;
    }

    Int place(int lane, int i) const {
        const Int place = lanes_[lane].first + done_ + i;
        return rows_.places == nullptr ? place : rows_.places[place];
    }

    // Rows from here on are moved one by one: all where rows are scattered, else those that fill no square.
    int squares() const { return rows_.places == nullptr ? size_ - size_ % WIDTH : 0; }

    template <class T, class Source>
    void read(const Source* source, T* column) const {
        const int end = squares();
        for (int i = 0; i < end; i += WIDTH) {
            T square[WIDTH];
            for (int lane = 0; lane < WIDTH; ++lane) {
                std::memcpy(&square[lane], source + lanes_[lane].first + done_ + i, sizeof(T));
            }
            transpose<WIDTH>(square);
            for (int k = 0; k < WIDTH; ++k) column[i + k] = square[k];
        }
        for (int i = end; i < size_; ++i) {
            T value;
            for (int lane = 0; lane < WIDTH; ++lane) set(value, lane, source[place(lane, i)]);
            column[i] = value;
        }
    }

    // Writes every STRIDE-th vector.
    template <int STRIDE, class T, class Sink>
    void write(const T* column, Sink* sink) const {
        const int end = squares();
        for (int i = 0; i < end; i += WIDTH) {
            T square[WIDTH];
            for (int k = 0; k < WIDTH; ++k) square[k] = column[(i + k) * STRIDE];
            transpose<WIDTH>(square);
            for (int lane = 0; lane < WIDTH; ++lane) {
                std::memcpy(sink + lanes_[lane].first + done_ + i, &square[lane], sizeof(T));
            }
        }
        for (int lane = 0; lane < WIDTH; ++lane) {
            for (int i = end; i < size_; ++i) {
                sink[place(lane, i)] = static_cast<Sink>(get(column[i * STRIDE], lane));
            }
        }
    }

    // Adding 0.0 turns -0.0 into 0.0: one zero, one bit pattern.
    void read_block() {
        for (int column = 0; column + 1 < INPUTS; ++column) {
            V* values = columns_[column] + HISTORY;
            read(rows_.prices[column], values);
            for (int i = 0; i < size_; ++i) values[i] += 0.0;
        }
        I volumes[BLOCK];
        read(rows_.volume, volumes);
        for (int i = 0; i < size_; ++i) columns_[INPUTS - 1][HISTORY + i] = as_doubles(volumes[i]);
        for (int i = 0; i < size_; ++i) derive(HISTORY + i, number_ + i);
    }

    static V as_doubles(const I& numbers) {
        if constexpr (WIDTH == 1) {
            return static_cast<double>(numbers);
        } else {
            return __builtin_convertvector(numbers, V);
        }
    }

    // The typical price and the true range, which several groups read.
    void derive(int i, Int number) {
        const V high = columns_[1][i], low = columns_[2][i], before = columns_[3][i - 1];
        V widest = high - low;
        columns_[5][i] = (high + low + columns_[3][i]) / 3.0;
        if (number > 0) {
            widest = larger(magnitude(before - high), widest);
            widest = larger(magnitude(before - low), widest);
        }
        columns_[6][i] = widest;
    }

    void chain() {
        W digests[BLOCK + 1];
        digests[0] = digest_;
        W digest = number_ == 0 ? digest_ + FNV_OFFSET : digest_;
        for (int i = 0; i < size_; ++i) {
            for (int column = 0; column < INPUTS; ++column) {
                W bits;
                std::memcpy(&bits, &columns_[column][HISTORY + i], sizeof(bits));
                digest = (digest ^ bits) * FNV_PRIME;
                digest ^= digest >> 32;
            }
            digests[i + 1] = digest;
        }
        digest_ = digest;
        write<1>(digests, rows_.opening);
        write<1>(digests + 1, rows_.closing);
    }

    template <std::size_t... G>
    void run_groups(std::index_sequence<G...>) {
        V* words = words_;
        int first = 0;
        (..., run_group<std::tuple_element_t<G, Groups<V>>>(selection_.chosen[G], words, first));
    }

    // Once settled, the row number is a constant, and every branch on it is gone.
    template <bool is_settled, class G>
    void push_rows(G& group, V* out) const {
        const auto now = [this](int column) { return columns_[column] + HISTORY; };
        Row<V> row{is_settled ? SETTLED : number_, now(0), now(1), now(2), now(3), now(4), now(5), now(6)};
        G state = group;
        for (int i = 0; i < size_; ++i) {
            state.push(row, out + i * outputs_of<G>);
            row.step();
            if constexpr (!is_settled) ++row.number;
        }
        group = state;
    }

    template <class G>
    void run_group(bool chosen, V*& words, int& first) {
        constexpr int count = outputs_of<G>, memory = words_of<G, V>;
        const int* columns = selection_.columns + first;
        first += count;
        if (!chosen) return;
        G group;
        if constexpr (memory > 0) std::memcpy(&group, words, sizeof(G));
        V out[BLOCK * count];
        if (number_ >= SETTLED) {
            push_rows<true>(group, out);
        } else {
            push_rows<false>(group, out);
        }
        if constexpr (memory > 0) std::memcpy(words, &group, sizeof(G));
        words += memory;
        for (int k = 0; k < count; ++k) {
            if (columns[k] < 0) continue;
            const Int left = G::OUTPUTS[k].warm_up - number_;
            const int cold = static_cast<int>(left < 0 ? 0 : left < size_ ? left : size_);
            for (int i = 0; i < cold; ++i) out[i * count + k] = V{} + std::numeric_limits<double>::quiet_NaN();
            write<count>(out + k, rows_.values + columns[k] * rows_.size);
        }
    }

    void finish() const {
        const int depth = selection_.depth;
        for (int lane = 0; lane < WIDTH; ++lane) {
            double* words = lanes_[lane].words;
            for (int column = 0; column < INPUTS; ++column) {
                for (int i = 0; i < depth; ++i) *words++ = get(columns_[column][HISTORY - depth + i], lane);
            }
            for (int i = 0; i < selection_.words - INPUTS * depth; ++i) *words++ = get(words_[i], lane);
            *lanes_[lane].digest = get(digest_, lane);
        }
    }

    const Selection& selection_;
    const FoldRows& rows_;
    const Lane* lanes_;
    Int number_, done_ = 0;
    int size_ = 0;
    W digest_;
    V columns_[INPUTS + 2][HISTORY + BLOCK];
    V words_[WORDS];
};

// Folds the next `rows` rows of every lane. Lanes have seen equally many rows, or each of them SETTLED or more.
template <class V>
void fold_pack(const Selection& selection, const FoldRows& rows, const Lane* lanes, Int count) {
    Pack<V>(selection, rows, lanes).run(count);
}

}  // namespace kernels
