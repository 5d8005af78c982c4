// One instrument's indicators, row by row: which are computed, what is remembered between rows, and its bytes.
// To the bit the values of the twin, spark_apps/kernels/reference_indicator_state.py.
//
// Memory: per instrument 16 bytes, 8 x 5 x depth bytes of earlier rows and 8 per word of the chosen groups.
#pragma once

#include <algorithm>
#include <array>

#include "kernels/indicator_lanes.hpp"

namespace kernels {

constexpr std::uint16_t INDICATOR_FOLD = 2, INDICATOR_LAYOUT = 2;

// A group as the selection sees it.
struct Group {
    const Indicator* outputs;
    int count, words, back;
};
template <std::size_t... I>
std::vector<Group> list_groups(std::index_sequence<I...>) {
    const auto describe = [](auto group) {
        using G = decltype(group);
        static_assert(G::BACK < HISTORY && std::is_trivially_copyable_v<G>);
        return Group{G::OUTPUTS, outputs_of<G>, words_of<G, double>, G::BACK};
    };
    return {describe(std::tuple_element_t<I, Groups<double>>{})...};
}
inline const std::vector<Group>& all_groups() {
    static const auto groups = list_groups(std::make_index_sequence<GROUPS>());
    return groups;
}

// A bar's own numbers, and what strategies may read of its quotes.
constexpr std::size_t BAR_NUMBERS = INPUTS + sizeof(QuoteNumbers) / sizeof(double);

// What an instrument's indicators remember between its rows.
struct IndicatorState {
    Int count = 0;
    std::uint64_t digest = 0;
    std::vector<double> words;
};

// Which indicators are computed, how one instrument takes its next row, and how its state is written.
class IndicatorStage {
  public:
    // `unknown` gives back the first name that no indicator has, if there is one.
    IndicatorStage(const std::vector<std::string>& names, Problem& unknown) {
        std::fill_n(selection_.columns, INDICATORS, -1);
        std::size_t found = 0;
        int place = 0, group_place = 0, words = 0;
        std::string parameters;
        for (const auto& group : all_groups()) {
            const int first = place;
            for (int k = 0; k < group.count; ++k, ++place) {
                const auto name = std::find(names.begin(), names.end(), group.outputs[k].name);
                if (name == names.end()) continue;
                selection_.columns[place] = static_cast<int>(name - names.begin());
                ++found;
            }
            const auto* columns = selection_.columns + first;
            const bool chosen = std::any_of(columns, columns + group.count, [](int column) { return column >= 0; });
            selection_.chosen[group_place++] = chosen;
            if (!chosen) continue;
            words += group.words;
            selection_.depth = std::max(selection_.depth, group.back);
            for (int k = 0; k < group.count; ++k) {
                parameters += std::string(group.outputs[k].name) + ' ' + std::to_string(group.outputs[k].warm_up) + ' ';
            }
        }
        selection_.words = INPUTS * selection_.depth + words;
        parameters_ = byte_hash(reinterpret_cast<const Byte*>(parameters.data()), parameters.size());
        width_ = names.size();
        if (found < names.size()) unknown = first_unknown(names);
    }

    std::size_t width() const { return width_; }
    // What strategies compare: a bar's own numbers, what its quotes say, then these; nothing where none is computed.
    std::size_t inputs() const { return width_ == 0 ? 0 : BAR_NUMBERS + width_; }
    const Selection& selection() const { return selection_; }
    std::uint64_t parameters() const { return parameters_; }

    // One row of one instrument; `values` takes a number per name.
    void push(IndicatorState& state, const std::array<double, INPUTS - 1>& prices, Int volume, double* values) const {
        state.words.resize(static_cast<std::size_t>(selection_.words));
        Int opening, closing;
        const FoldRows row{{&prices[0], &prices[1], &prices[2], &prices[3]}, &volume, nullptr, 1, values, &opening, &closing};
        const Lane lane{state.words.data(), &state.digest, state.count, 0};
        fold_pack<double>(selection_, row, &lane, 1);
        ++state.count;
    }

    std::vector<Byte> write(const IndicatorState& state) const {
        std::vector<Byte> body;
        append(body, &state.count, 1);
        append(body, &state.digest, 1);
        append(body, state.words.data(), state.words.size());
        return seal(INDICATOR_FOLD, INDICATOR_LAYOUT, parameters_, body);
    }

    Problem read(const Byte* section, std::size_t size, IndicatorState& state) const {
        if (auto problem = unseal(section, size, INDICATOR_FOLD, INDICATOR_LAYOUT, parameters_)) return problem;
        Cursor cursor{section + sizeof(SectionHeader), size - sizeof(SectionHeader)};
        state = {cursor.one<Int>(), cursor.one<std::uint64_t>(),
                 cursor.take<double>(static_cast<std::size_t>(selection_.words))};
        if (!cursor.fits || cursor.left > 0) return "its bytes are not those of the layout";
        return {};
    }

  private:
    static Problem first_unknown(const std::vector<std::string>& names) {
        for (auto name = names.begin(); name != names.end(); ++name) {
            bool is_known = std::find(names.begin(), name, *name) == name;
            bool is_named = false;
            for (const auto& group : all_groups()) {
                for (int k = 0; k < group.count; ++k) is_named |= *name == group.outputs[k].name;
            }
            if (!is_known || !is_named) return *name;
        }
        return {};
    }

    Selection selection_;
    std::uint64_t parameters_;
    std::size_t width_;
};

}  // namespace kernels
