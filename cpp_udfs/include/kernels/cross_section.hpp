// What crosses instruments, minute by minute of one session: how each stands among all that have traded.
// What every number means stands in the twin, spark_apps/kernels/reference_cross_section.py, to the bit.
//
// Memory: per instrument 56 bytes and 8 per minute of the longest look back. Cost: a minute O(n log n) for n instruments
// that have traded, and O(window) for each of its bars.
#pragma once

#include <cmath>

#include "kernels/bar_state.hpp"

namespace kernels {

constexpr Int LONGEST_LOOK_BACK = 1'000;

// The first row that is no bar after the one before it, by (start, id); `size` where all are.
inline std::size_t first_misplaced(const std::int32_t* ids, const Int* starts, const Int* closes, const Int* values,
                                   std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
        const bool follows = i == 0 ? starts[i] >= 0 : std::pair{starts[i - 1], ids[i - 1]} < std::pair{starts[i], ids[i]};
        if (!follows || ids[i] < 1 || closes[i] < 1 || values[i] < 0) return i;
    }
    return size;
}

// The numbers of one bar; NaN for none.
struct Standing {
    Int peers;
    double move, move_rank, value_rank, correlation, beta;
};

class CrossSection {
  public:
    // `move` and `window` count minutes in which something traded.
    CrossSection(Int move, Int window) : move_(move), window_(window), depth_(std::max(move, window) + 1) {
        market_.resize(static_cast<std::size_t>(depth_));
    }

    // Closes the next minute by its bars, of rising ids, and says how each of them stands.
    void close(const std::int32_t* ids, const Int* closes, const Int* values, std::size_t count, Standing* standings) {
        ++minute_;
        take(ids, closes, values, count);
        std::vector<double> moves;
        std::vector<Int> amounts;
        double sum = 0;
        Int moved = 0;
        for (auto& member : members_) {
            at(member, minute_) = member.close;
            if (member.first < minute_) {
                sum += change(member, minute_, 1);
                ++moved;
            }
            if (minute_ - member.first >= move_) moves.push_back(change(member, minute_, move_));
            amounts.push_back(member.value);
        }
        market_[place(minute_)] = moved > 0 ? sum / static_cast<double>(moved) : NONE;
        std::sort(moves.begin(), moves.end());
        std::sort(amounts.begin(), amounts.end());
        for (std::size_t i = 0; i < count; ++i) {
            const auto& member = *find(ids[i]);
            auto& standing = standings[i];
            standing = {static_cast<Int>(moves.size()), NONE, NONE, rank(amounts, member.value), NONE, NONE};
            if (minute_ - member.first >= move_) {
                standing.move = change(member, minute_, move_);
                standing.move_rank = rank(moves, standing.move);
            }
            if (minute_ - member.first >= window_) follow(member, standing);
        }
    }

    // The bytes of all that it remembers.
    std::vector<Byte> write() const {
        std::vector<Byte> body;
        append(body, &minute_, 1);
        append(body, market_.data(), market_.size());
        for (const auto& member : members_) {
            append(body, &member.id, 1);
            append(body, &member.first, 1);
            append(body, &member.value, 1);
            append(body, member.closes.data(), member.closes.size());
        }
        return body;
    }

    // False, and of no use any more, where the bytes are not those of its look back.
    bool read(Cursor cursor) {
        const auto depth = static_cast<std::size_t>(depth_);
        minute_ = cursor.one<Int>();
        market_ = cursor.take<double>(depth);
        members_.clear();
        while (cursor.left > 0 && cursor.fits) {
            Member member{cursor.one<std::int32_t>(), cursor.one<Int>(), 0, cursor.one<Int>(), cursor.take<double>(depth)};
            if (!cursor.fits || minute_ < 0) return false;
            member.close = member.closes[place(minute_)];
            members_.push_back(std::move(member));
        }
        return cursor.fits && minute_ >= -1;
    }

  private:
    // An instrument that has traded: since which minute, its last close, what it traded, and its closes by minute.
    struct Member {
        std::int32_t id;
        Int first;
        double close;
        Int value;
        std::vector<double> closes;
    };

    std::size_t place(Int minute) const { return static_cast<std::size_t>(minute % depth_); }
    double& at(Member& member, Int minute) const { return member.closes[place(minute)]; }

    std::vector<Member>::iterator find(std::int32_t id) {
        return std::lower_bound(members_.begin(), members_.end(), id,
                                [](const Member& each, std::int32_t value) { return each.id < value; });
    }

    void take(const std::int32_t* ids, const Int* closes, const Int* values, std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            auto member = find(ids[i]);
            if (member == members_.end() || member->id != ids[i]) {
                const std::vector<double> none(static_cast<std::size_t>(depth_));
                member = members_.insert(member, Member{ids[i], minute_, 0, 0, none});
            }
            member->close = static_cast<double>(closes[i]);
            member->value = saturated_add(member->value, values[i]);
        }
    }

    double change(const Member& member, Int minute, Int minutes) const {
        return member.closes[place(minute)] / member.closes[place(minute - minutes)] - 1;
    }

    // The share of the others that stand below; those that stand equal count half.
    template <class T>
    static double rank(const std::vector<T>& sorted, T value) {
        if (sorted.size() < 2) return NONE;
        const auto [first, last] = std::equal_range(sorted.begin(), sorted.end(), value);
        const auto twice = 2 * (first - sorted.begin()) + (last - first) - 1;
        return static_cast<double>(twice) / static_cast<double>(2 * (sorted.size() - 1));
    }

    // Correlation with, and slope on, the market over the window.
    void follow(const Member& member, Standing& standing) const {
        const auto count = static_cast<double>(window_);
        double own_sum = 0, market_sum = 0;
        for (Int minute = minute_ - window_ + 1; minute <= minute_; ++minute) {
            own_sum += change(member, minute, 1);
            market_sum += market_[place(minute)];
        }
        const double own_mean = own_sum / count, market_mean = market_sum / count;
        double own_square = 0, market_square = 0, product = 0;
        for (Int minute = minute_ - window_ + 1; minute <= minute_; ++minute) {
            const double own = change(member, minute, 1) - own_mean, market = market_[place(minute)] - market_mean;
            own_square += own * own;
            market_square += market * market;
            product += own * market;
        }
        if (market_square > 0) standing.beta = product / market_square;
        if (market_square > 0 && own_square > 0) {
            const double found = product / (std::sqrt(own_square) * std::sqrt(market_square));
            standing.correlation = std::min(1.0, std::max(-1.0, found));
        }
    }

    Int move_, window_, depth_, minute_ = -1;
    std::vector<Member> members_;  // by rising id
    std::vector<double> market_;   // the mean change of all that had a close a minute before
};

}  // namespace kernels
