#include "sim/udp_flow.hpp"

#include <algorithm>

namespace kodama::sim {
namespace {

using namespace std::chrono_literals;

// Old enough to lie outside small windows, few enough to be cheap.
constexpr std::size_t arrived_max = 32;
// A forged datagram keeps this much of a real one: the path id, which travels in the clear.
constexpr std::size_t forged_prefix = 8;
constexpr duration attack_delay_max = 2s;

} // namespace

udp_flow::udp_flow(const context& world, std::uint64_t key)
    : world_{world}
    , narrow_{(decision_stream{world.seed, "udp.mtu", key}.at(0) & 1) == 0}
    , losses_{world.seed, "udp.loss", key}
    , duplications_{world.seed, "udp.duplication", key}
    , jitters_{world.seed, "udp.jitter", key}
    , reorderings_{world.seed, "udp.reordering", key}
    , delays_{world.seed, "udp.delay", key}
    , replays_{world.seed, "udp.replay", key}
    , forgeries_{world.seed, "udp.forgery", key}
    , fast_forgeries_{world.seed, "udp.forgery.ahead", key}
    , attacks_{world.seed, "udp.attack", key} {}

bool udp_flow::is_lost() {
  return happens(losses_, world_.plan.udp.loss, fault_kind::udp_loss, current_);
}

bool udp_flow::is_duplicated() {
  return happens(duplications_, world_.plan.udp.duplication, fault_kind::udp_duplication, current_);
}

bool udp_flow::is_too_narrow(std::size_t size) const {
  const auto mtu = world_.plan.udp.mtu.value;
  return narrow_ && mtu != 0 && size > mtu;
}

bool udp_flow::exceeds_mtu(std::size_t size) {
  if (!is_too_narrow(size))
    return false;
  world_.faults.strike(fault_kind::udp_mtu);
  return true;
}

std::uint64_t udp_flow::jitter(unsigned copy) const {
  return jitters_.at(2 * current_ + copy);
}

duration udp_flow::extra_delay(unsigned copy) {
  const auto ordinal = 2 * current_ + copy;
  const auto& faults = world_.plan.udp;
  duration extra{0};
  if (happens(reorderings_, faults.reordering.odds, fault_kind::udp_reordering, ordinal))
    extra += decision_stream::scale_to(mix(reorderings_.at(ordinal)), faults.reordering.longest);
  if (happens(delays_, faults.delay.odds, fault_kind::udp_delay, ordinal))
    extra += decision_stream::scale_to(mix(delays_.at(ordinal)), faults.delay.longest);
  return extra;
}

void udp_flow::remember(byte_view data) {
  if (world_.plan.udp.forgery.of_65536 != 0)
    latest_.assign(data.begin(), data.end());
}

void udp_flow::handle_arrived(byte_view data) {
  if (world_.plan.udp.replay.of_65536 == 0)
    return;
  if (arrived_.size() < arrived_max)
    arrived_.emplace_back();
  arrived_[arrived_count_++ % arrived_max].assign(data.begin(), data.end());
}

std::optional<byte_view> udp_flow::replayed() {
  if (arrived_.empty() ||
      !happens(replays_, world_.plan.udp.replay, fault_kind::udp_replay, current_))
    return std::nullopt;
  const auto behind = 1 + decision_stream::scale(mix(replays_.at(current_)), arrived_.size());
  return byte_view{arrived_[(arrived_count_ - behind) % arrived_max]};
}

std::optional<bytes> udp_flow::forged() {
  if (!happens(forgeries_, world_.plan.udp.forgery, fault_kind::udp_forgery, current_))
    return std::nullopt;
  auto made_up = latest_;
  auto word = forgeries_.at(current_);
  // Half keep all but one bit of the original, half only the prefix.
  if (made_up.size() > forged_prefix && (word & 1) == 0) {
    const auto span = (made_up.size() - forged_prefix) * 8;
    const auto bit = decision_stream::scale(mix(word), span);
    made_up[forged_prefix + bit / 8] ^= std::byte{1} << (bit % 8);
  } else {
    for (auto i = std::min(forged_prefix, made_up.size()); i < made_up.size(); ++i)
      made_up[i] = static_cast<std::byte>((word = mix(word + 1)) & 0xff);
  }
  return made_up;
}

bool udp_flow::spoofs_sender() const {
  return (attacks_.at(current_) & 1) != 0;
}

bool udp_flow::forges_ahead() const {
  return (fast_forgeries_.at(current_) & 1) != 0;
}

duration udp_flow::attack_delay() const {
  return decision_stream::scale_to(mix(attacks_.at(current_)), attack_delay_max);
}

bool udp_flow::happens(const decision_stream& site, probability odds, fault_kind kind,
                       std::uint64_t ordinal) {
  if (!decision_stream::is_hit(site.at(ordinal), odds))
    return false;
  world_.faults.strike(kind);
  return true;
}

} // namespace kodama::sim
