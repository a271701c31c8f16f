#include "protocol/backoff.hpp"

#include <algorithm>

namespace kodama {
namespace {

/// Uniform in [0, bound), and 0 where that is empty.
duration below(chance& random, duration bound) {
  if (bound <= duration::zero())
    return duration::zero();
  return duration{
      static_cast<duration::rep>(random.below(static_cast<std::uint64_t>(bound.count())))};
}

} // namespace

duration backoff::next(chance& random) {
  if (ceiling_ == duration::zero()) {
    ceiling_ = std::min(options_.first, options_.most);
    return below(random, ceiling_);
  }
  // Compared before it is doubled: the sum of a `most` near the type's end would overflow.
  ceiling_ = ceiling_ > options_.most / 2 ? options_.most : ceiling_ * 2;
  const auto lower = ceiling_ / 2;
  return lower + below(random, ceiling_ - lower);
}

} // namespace kodama
