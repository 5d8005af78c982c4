// Eight instruments at once, for machines with AVX-512; the only thing in this file that another file may see is its name.
#include "kernels/indicator_lanes.hpp"

namespace kernels {

void fold_pack_avx512(const Selection& selection, const FoldRows& rows, const Lane* lanes, Int count) {
    using Eight = double __attribute__((vector_size(64)));
    fold_pack<Eight>(selection, rows, lanes, count);
}

}  // namespace kernels
