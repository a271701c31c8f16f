#include "net/flaky_fate.hpp"

namespace kodama::net {
namespace {

// 53 bits are what a double holds exactly, so this is the same number everywhere.
double draw_unit(chance& random) {
  return static_cast<double>(random.next() >> 11) * 0x1p-53;
}

bool happens(double share, chance& random) {
  return draw_unit(random) < share;
}

duration draw_up_to(duration longest, chance& random) {
  const auto bound = static_cast<std::uint64_t>(longest.count()) + 1;
  return duration{static_cast<duration::rep>(random.below(bound))};
}

} // namespace

splitmix64 flaky_stream(std::uint64_t seed, flaky_subject subject, std::uint64_t index) noexcept {
  // Neighbouring seeds must not share streams, hence one scrambling per ingredient, not a sum.
  const auto of_seed = splitmix64{seed}.next();
  const auto of_subject = splitmix64{of_seed ^ static_cast<std::uint64_t>(subject)}.next();
  return splitmix64{splitmix64{of_subject ^ index}.next()};
}

connection_fate draw_connection_fate(const flaky_options& options, chance& random) {
  connection_fate fate;
  fate.lifetime = draw_around(options.cut_every, random);
  const auto half_open = happens(options.half_open, random);
  const auto client = happens(0.5, random);
  if (half_open)
    fate.end = client ? connection_fate::ending::client_forgotten
                      : connection_fate::ending::server_forgotten;
  return fate;
}

chunk_fate draw_chunk_fate(const flaky_options& options, chance& random) {
  chunk_fate fate;
  fate.delay = options.delay + draw_up_to(options.jitter, random);
  if (happens(options.stall, random))
    fate.stall = options.stall_for;
  return fate;
}

datagram_fate draw_datagram_fate(const flaky_options& options, chance& random) {
  datagram_fate fate;
  fate.lost = happens(options.lose, random);
  fate.duplicated = happens(options.duplicate, random);
  fate.delay = options.delay + draw_up_to(options.jitter, random);
  const auto reordered = happens(options.reorder, random);
  // Half of the longest at least, lest it leave before the next one comes.
  const auto held_back = options.reorder_for / 2 + draw_up_to(options.reorder_for / 2, random);
  if (reordered)
    fate.held_back = held_back;
  return fate;
}

duration draw_around(duration mean, chance& random) {
  return mean / 2 + draw_up_to(mean, random);
}

} // namespace kodama::net
