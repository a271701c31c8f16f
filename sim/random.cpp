#include "sim/random.hpp"

namespace kodama::sim {

std::uint64_t seeded_chance::next() {
  return stream_.next();
}

} // namespace kodama::sim
