// Where bars end that are as wide as what happens in them.
// What every case means stands in the twin, spark_apps/kernels/reference_activity.py.
#pragma once

#include <cstdlib>
#include <vector>

#include "kernels/bar_state.hpp"

namespace kernels {

// What has come into a bar so far: full once it is as large as the size, to either side of zero.
class Activity {
  public:
    explicit Activity(Int size) : size_(size) {}

    // Takes one amount; says whether the bar is full by it. The next amount begins another one.
    bool take(Int amount) {
        sum_ += amount;
        if (std::abs(sum_) < size_) return false;
        sum_ = 0;
        return true;
    }

    void clear() { sum_ = 0; }

  private:
    Int size_, sum_ = 0;
};

// The first row whose instrument comes after a higher one, or whose amount is beyond any trade's; `count` for none.
inline std::size_t first_unusable(const std::int32_t* ids, const Int* amounts, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        const bool follows = ids[i] >= (i == 0 ? 1 : ids[i - 1]);
        if (!follows || amounts[i] < -AMOUNT_LIMIT || amounts[i] > AMOUNT_LIMIT) return i;
    }
    return count;
}

struct BarEnds {
    std::vector<Int> ends;
    std::vector<Byte> full;
};

inline BarEnds bar_ends(const std::int32_t* ids, const Int* amounts, std::size_t count, Int size) {
    BarEnds made;
    Activity activity(size);
    for (std::size_t i = 0; i < count; ++i) {
        const bool is_full = activity.take(amounts[i]);
        const bool is_last = i + 1 == count || ids[i + 1] != ids[i];
        if (is_last) activity.clear();
        if (!is_full && !is_last) continue;
        made.ends.push_back(static_cast<Int>(i) + 1);
        made.full.push_back(is_full);
    }
    return made;
}

}  // namespace kernels
