// The indicator fold: a chosen set of indicators per row, state carried from row to row; to the bit the values of the
// twin, spark_apps/kernels/reference_indicators.py.
//
// Instruments go side by side, one per lane, where they have seen equally many rows or are all beyond SETTLED; what is
// left over of the longer ones goes alone. Either way gives the same bits.
// Memory: see indicator_stage.hpp.
#pragma once

#include <algorithm>
#include <unordered_map>

#include "kernels/indicator_stage.hpp"

namespace kernels {

// src/lanes_avx2.cpp and src/lanes_avx512.cpp: the same loops for four and eight instruments.
void fold_pack_avx2(const Selection&, const FoldRows&, const Lane*, Int);
void fold_pack_avx512(const Selection&, const FoldRows&, const Lane*, Int);

struct Lanes {
    int width;
    FoldPack fold;
};
inline Lanes widest_lanes() {
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")) return {8, fold_pack_avx512};
    if (__builtin_cpu_supports("avx2")) return {4, fold_pack_avx2};
#endif
    return {1, fold_pack<double>};
}

struct PriceColumns {
    const std::int32_t* instrument_id;
    const double *open, *high, *low, *close;
    const Int* volume;
    std::size_t size;
};

class IndicatorFold {
  public:
    IndicatorFold(const std::vector<std::string>& names, Problem& unknown)
        : lanes_(widest_lanes()), stage_(names, unknown) {}

    std::size_t width() const { return stage_.width(); }

    // The place of the first row whose prices are not finite, `size` when all are; nothing is folded before.
    static std::size_t first_bad(const PriceColumns& rows) {
        for (std::size_t start = 0; start < rows.size; start += 256) {
            const std::size_t end = std::min(start + 256, rows.size);
            std::uint64_t bad = 0;
            for (std::size_t i = start; i < end; ++i) bad |= badness(rows, i);
            for (std::size_t i = start; (bad >> 63) != 0 && i < end; ++i) {
                if ((badness(rows, i) >> 63) != 0) return i;
            }
        }
        return rows.size;
    }

    // `values` holds a column of `size` numbers per name.
    void apply(const PriceColumns& rows, double* values, Int* opening, Int* closing) {
        std::vector<Int> places;
        auto jobs = gather(rows, places);
        const FoldRows fold{{rows.open, rows.high, rows.low, rows.close},
                            rows.volume,
                            places.empty() ? nullptr : places.data(),
                            static_cast<Int>(rows.size),
                            values,
                            opening,
                            closing};
        const auto phase = [](const Job& job) { return std::min<Int>(job.instrument->count, SETTLED); };
        std::sort(jobs.begin(), jobs.end(), [&](const Job& a, const Job& b) {
            return std::tuple(phase(a), b.rows, a.first) < std::tuple(phase(b), a.rows, b.first);
        });
        for (auto job = jobs.begin(); job != jobs.end();) {
            auto end = job;
            while (end != jobs.end() && end - job < lanes_.width && phase(*end) == phase(*job)) ++end;
            run(fold, &*job, static_cast<int>(end - job));
            job = end;
        }
    }

    std::vector<Byte> state(std::int32_t id) const {
        const auto place = instruments_.find(id);
        return place == instruments_.end() ? std::vector<Byte>{} : stage_.write(place->second);
    }

    Problem restore(std::int32_t id, const std::string& section) {
        instruments_.erase(id);
        if (section.empty()) return {};
        IndicatorState state;
        const auto* bytes = reinterpret_cast<const Byte*>(section.data());
        if (auto problem = stage_.read(bytes, section.size(), state)) return problem;
        instruments_[id] = std::move(state);
        return {};
    }

  private:
    // The rows of one instrument in one call.
    struct Job {
        IndicatorState* instrument;
        Int first, rows;
    };
    struct Stretch {
        std::size_t job, start, rows;
    };

    // The highest bit says that a price is infinite or no number: its exponent has all bits set.
    static std::uint64_t badness(const PriceColumns& rows, std::size_t i) {
        std::uint64_t bad = 0;
        for (const double price : {rows.open[i], rows.high[i], rows.low[i], rows.close[i]}) {
            std::uint64_t bits;
            std::memcpy(&bits, &price, sizeof(bits));
            bad |= (bits & ~(1ULL << 63)) + (1ULL << 52);
        }
        return bad;
    }

    // Sorts rows by instrument; `places` stays empty where each instrument's rows stand together already.
    std::vector<Job> gather(const PriceColumns& rows, std::vector<Int>& places) {
        std::vector<Job> jobs;
        std::vector<Stretch> stretches;
        std::unordered_map<std::int32_t, std::size_t> job_of;
        for (std::size_t i = 0; i < rows.size;) {
            const auto id = rows.instrument_id[i];
            const std::size_t start = i;
            while (i < rows.size && rows.instrument_id[i] == id) ++i;
            const auto [found, is_new] = job_of.try_emplace(id, jobs.size());
            if (is_new) {
                IndicatorState& instrument = instruments_[id];
                instrument.words.resize(static_cast<std::size_t>(stage_.selection().words));
                jobs.push_back({&instrument, static_cast<Int>(start), 0});
            }
            jobs[found->second].rows += static_cast<Int>(i - start);
            stretches.push_back({found->second, start, i - start});
        }
        if (stretches.size() == jobs.size()) return jobs;
        Int first = 0;
        for (auto& job : jobs) first = (job.first = first) + job.rows;
        std::vector<Int> next;
        for (const auto& job : jobs) next.push_back(job.first);
        places.resize(rows.size);
        for (const auto& [job, start, count] : stretches) {
            for (std::size_t i = 0; i < count; ++i) places[static_cast<std::size_t>(next[job]++)] = static_cast<Int>(start + i);
        }
        return jobs;
    }

    // Runs up to `width` jobs side by side as far as the shortest goes (a lane without a job repeats the last one),
    // then what is left of each alone.
    void run(const FoldRows& fold, const Job* jobs, int count) {
        const Int together = count > 1 ? jobs[count - 1].rows : 0;
        Lane lanes[8];
        const auto lane_of = [](const Job& job, Int done) {
            return Lane{job.instrument->words.data(), &job.instrument->digest, job.instrument->count, job.first + done};
        };
        if (count > 1) {
            for (int lane = 0; lane < lanes_.width; ++lane) lanes[lane] = lane_of(jobs[std::min(lane, count - 1)], 0);
            lanes_.fold(stage_.selection(), fold, lanes, together);
        }
        for (const Job* job = jobs; job != jobs + count; ++job) {
            job->instrument->count += together;
            if (job->rows == together) continue;
            const Lane lane = lane_of(*job, together);
            fold_pack<double>(stage_.selection(), fold, &lane, job->rows - together);
            job->instrument->count += job->rows - together;
        }
    }

    Lanes lanes_;
    IndicatorStage stage_;
    std::unordered_map<std::int32_t, IndicatorState> instruments_;
};

}  // namespace kernels
