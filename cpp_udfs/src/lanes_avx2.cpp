// Four instruments at once, for machines with AVX2; the only thing in this file that another file may see is its name.
#include "kernels/indicator_lanes.hpp"

namespace kernels {

void fold_pack_avx2(const Selection& selection, const FoldRows& rows, const Lane* lanes, Int count) {
    using Four = double __attribute__((vector_size(32)));
    fold_pack<Four>(selection, rows, lanes, count);
}

}  // namespace kernels
