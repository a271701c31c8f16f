#include "protocol/udp_path.hpp"

#include "protocol/assert.hpp"
#include "protocol/datagram_channel.hpp"
#include "protocol/tlv.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace kodama {
namespace {

// Below this a busy peer's scheduling would pass for loss.
constexpr duration answer_timeout_min = std::chrono::milliseconds{50};

// A size that fails costs nothing but itself, so one repetition against plain loss is enough.
constexpr unsigned growing_attempts_max = 2;

// A peer awaits one probe at a time; more than a few waiting here are its repetitions.
constexpr std::size_t acks_max = 4;

// RFC 9000, 8.1: what a server may send to an address that could be somebody else's.
constexpr std::uint64_t amplification_max = 3;

constexpr unsigned loss_history = 16;

constexpr std::size_t probe_size_min =
    datagram_channel::overhead + message_header_size + section_size(sizeof(std::uint64_t));
constexpr std::size_t ack_size = probe_size_min; // both consist of one number

/// Bytes of padding that make a probe `datagram_size` long when it is sealed.
std::size_t padding_for(std::size_t datagram_size) {
  const auto unpadded = probe_size_min + section_header_size;
  // Sections come in fours of bytes; a size between two of them is probed from below.
  return datagram_size <= unpadded ? 0 : (datagram_size - unpadded) & ~std::size_t{3};
}

} // namespace

udp_path::udp_path(role ours, options chosen, chance& random)
    : role_{ours}
    , options_{std::move(chosen)}
    , random_{&random} {
  KODAMA_ASSERT(!options_.sizes.empty());
  KODAMA_ASSERT(std::is_sorted(options_.sizes.begin(), options_.sizes.end()));
  KODAMA_ASSERT(options_.attempts_max > 0);
  forget_peer();
  check();
}

void udp_path::handle_start(instant now, const address& server) {
  KODAMA_ASSERT(role_ == role::client);
  forget_peer();
  peer_ = server;
  pause_ = options_.retry_first;
  begin_proving(now);
  check();
}

void udp_path::handle_stop() {
  forget_peer();
  check();
}

void udp_path::handle_datagram(instant now, const address& from, bool newest,
                               std::size_t datagram_size) {
  if (role_ == role::client) // knows its server from TCP, and only believes answers to its probes
    return;
  if (phase_ == phase::idle || from != peer_) {
    // Late ones may come from where the client was before; only the newest tells where it is.
    if (!newest)
      return;
    if (from != peer_) {
      forget_peer();
      peer_ = from;
    }
    budget_ = amplification_max * datagram_size;
    begin_proving(now);
  } else if (phase_ == phase::proving) {
    budget_ += amplification_max * datagram_size;
    if (wake_ == never)
      send_probe(now);
  }
  check();
}

void udp_path::handle_probe(instant, const address& from, const message::udp_probe& probe,
                            std::size_t datagram_size) {
  if (phase_ == phase::idle || from != peer_ || datagram_size < ack_size || !spend(ack_size))
    return;
  if (acks_.size() == acks_max)
    acks_.pop_front(); // the oldest is the one whose timeout is nearest
  acks_.push_back({from, probe.probe});
  check();
}

void udp_path::handle_probe_ack(instant now, const address& from,
                                const message::udp_probe_ack& ack) {
  const bool expected = probe_.sent && !probe_.answered && from == peer_ && ack.probe == probe_.id;
  if (!expected)
    return;
  probe_.answered = true;
  // Also of an answer that comes too late to prove anything: without it, a path whose round trip
  // has grown past our timeout would fail for ever.
  measure_round_trip(now - probe_.at);
  if (std::exchange(probe_.awaited, false))
    probe_answered(now);
  check();
}

void udp_path::handle_too_long(instant now, std::size_t datagram_size) {
  if (phase_ == phase::idle || phase_ == phase::paused)
    return;
  const auto found = std::lower_bound(options_.sizes.begin(), options_.sizes.end(), datagram_size);
  const auto first_too_long = static_cast<std::size_t>(found - options_.sizes.begin());
  if (first_too_long >= size_limit_)
    return;
  limit_size(now, first_too_long);
  if (first_too_long == 0) {
    path_failed(now);
  } else {
    // Whatever is below has been proven on the way up.
    size_ = std::min(size_, first_too_long - 1);
    if (phase_ == phase::growing && probe_.size >= first_too_long)
      grow_or_rest(now);
  }
  check();
}

void udp_path::check_now(instant now) {
  if (phase_ == phase::resting)
    end_rest(now);
  else
    check_wanted_ = is_proven();
  check();
}

std::optional<udp_path::transmission> udp_path::poll_transmit() {
  if (!acks_.empty()) { // first: the peer is measuring the time
    const auto ack = acks_.front();
    acks_.pop_front();
    return transmission{ack.to, message::udp_probe_ack{ack.probe}, 0};
  }
  if (probe_.queued) {
    probe_.queued = false;
    probe_.sent = true;
    ++probes_sent_;
    const auto size = options_.sizes[probe_.size];
    return transmission{*peer_, message::udp_probe{probe_.id, padding_for(size)}, size};
  }
  return std::nullopt;
}

std::optional<udp_path::route> udp_path::current_route() const {
  if (!is_proven())
    return std::nullopt;
  return route{*peer_, options_.sizes[size_]};
}

udp_path::statistics udp_path::stats() const {
  statistics out;
  out.round_trip = smoothed_;
  out.probes_sent = probes_sent_;
  out.probes_answered = probes_answered_;
  out.proven_to = proven_to_;
  if (decided_ != 0)
    out.loss_percent = static_cast<unsigned>(std::popcount(losses_)) * 100 / decided_;
  return out;
}

instant udp_path::poll_timeout() const {
  return wake_;
}

void udp_path::handle_timeout(instant now) {
  if (now < wake_)
    return;
  switch (phase_) {
  case phase::idle: break;
  case phase::paused: begin_proving(now); break;
  case phase::resting: end_rest(now); break;
  default: probe_unanswered(now);
  }
  check();
}

duration udp_path::detection_max(const options& chosen) {
  // The rest is counted from the last answer, so a search for larger sizes only adds to it where it
  // takes longer than the rest itself.
  const auto rest = std::max(chosen.probe_interval + chosen.probe_interval / 10,
                             growing_attempts_max * chosen.answer_timeout_max);
  return rest + (chosen.attempts_max + 1) * chosen.answer_timeout_max;
}

bool udp_path::is_probing() const noexcept {
  return phase_ == phase::proving || phase_ == phase::growing || phase_ == phase::checking ||
         phase_ == phase::falling_back;
}

std::size_t udp_path::size_to_probe() const noexcept {
  if (phase_ == phase::growing)
    return size_ + 1;
  return phase_ == phase::checking ? size_ : 0;
}

/// Doubled with every attempt (RFC 6298, 5.5): what looks like loss may be a queue.
duration udp_path::answer_timeout() const {
  auto timeout = options_.answer_timeout_initial;
  if (smoothed_ != duration{0})
    timeout = std::max(answer_timeout_min, smoothed_ + 4 * variation_);
  for (unsigned i = 0; i != attempts_ && timeout < options_.answer_timeout_max; ++i)
    timeout *= 2;
  return std::min(timeout, options_.answer_timeout_max);
}

/// Give or take a tenth, so that the probes of many sessions do not fall into step.
duration udp_path::until_next_check() {
  const auto interval = options_.probe_interval;
  const auto spread = static_cast<std::uint64_t>((interval / 5).count()) + 1;
  return interval - interval / 10 + duration{random_->below(spread)};
}

void udp_path::begin(instant now, phase next) {
  phase_ = next;
  attempts_ = 0;
  send_probe(now);
}

void udp_path::end_rest(instant now) {
  if (now >= raise_at_) {
    size_limit_ = options_.sizes.size();
    raise_at_ = never;
  }
  begin(now, phase::checking);
}

void udp_path::begin_proving(instant now) {
  size_ = 0;
  size_limit_ = options_.sizes.size();
  raise_at_ = never;
  begin(now, phase::proving);
}

void udp_path::send_probe(instant now) {
  const auto size = size_to_probe();
  if (!spend(options_.sizes[size])) {
    wake_ = never; // handle_datagram() tries again
    return;
  }
  probe_ = {};
  probe_.id = random_->next();
  probe_.size = size;
  probe_.at = now;
  probe_.queued = true;
  probe_.awaited = true;
  wake_ = now + answer_timeout();
  ++attempts_;
}

void udp_path::probe_answered(instant now) {
  ++probes_answered_;
  proven_to_ = probes_sent_; // only the most recent probe is ever awaited
  last_answer_ = now;
  switch (phase_) {
  case phase::proving:
    decide(false);
    pause_ = options_.retry_first;
    break;
  case phase::growing: size_ = probe_.size; break;
  case phase::falling_back:
    decide(false);
    // Small ones pass, large ones do not: some router on the way swallows what it cannot forward
    // (RFC 2923, 2.1).
    if (size_ != 0)
      limit_size(now, size_);
    size_ = 0;
    break;
  default: decide(false);
  }
  grow_or_rest(now);
}

void udp_path::probe_unanswered(instant now) {
  forget_probe();
  if (phase_ != phase::growing)
    decide(true);
  if (attempts_ < (phase_ == phase::growing ? growing_attempts_max : options_.attempts_max)) {
    send_probe(now);
  } else if (phase_ == phase::growing) {
    limit_size(now, size_to_probe());
    grow_or_rest(now);
  } else if (phase_ == phase::checking && size_ != 0) {
    phase_ = phase::falling_back; // attempts_ goes on, and with it the patience
    send_probe(now);
  } else {
    path_failed(now);
  }
}

void udp_path::grow_or_rest(instant now) {
  if (size_ + 1 < size_limit_) {
    begin(now, phase::growing);
    return;
  }
  if (std::exchange(check_wanted_, false)) {
    begin(now, phase::checking);
    return;
  }
  forget_probe();
  phase_ = phase::resting;
  // From the last answer, not from now: a failed search for a larger size proves nothing.
  wake_ = std::max(now, last_answer_ + until_next_check());
}

void udp_path::limit_size(instant now, std::size_t first_too_long) {
  size_limit_ = std::min(size_limit_, first_too_long);
  raise_at_ = now + options_.raise_interval;
}

void udp_path::path_failed(instant now) {
  forget_probe();
  check_wanted_ = false;
  size_ = 0;
  if (role_ == role::server) {
    phase_ = phase::idle;
    acks_.clear(); // they were charged to a budget that ends here
    budget_ = 0;
    wake_ = never;
    return;
  }
  phase_ = phase::paused;
  wake_ = now + pause_;
  pause_ = std::min(2 * pause_, options_.retry_max);
}

void udp_path::forget_peer() {
  phase_ = phase::idle;
  peer_.reset();
  wake_ = never;
  attempts_ = 0;
  check_wanted_ = false;
  budget_ = 0;
  size_ = 0;
  size_limit_ = options_.sizes.size();
  raise_at_ = never;
  probe_ = {};
  acks_.clear();
  smoothed_ = variation_ = duration{0};
  losses_ = 0;
  decided_ = 0;
}

/// Nothing more is expected of it but the time that its answer takes.
void udp_path::forget_probe() {
  probe_.queued = false;
  probe_.awaited = false;
}

/// RFC 6298, 2.2 and 2.3. Every probe has a number of its own, so no sample is ambiguous.
void udp_path::measure_round_trip(duration sample) {
  sample = std::max(sample, duration{1}); // 0 stands for "none yet"
  if (smoothed_ == duration{0}) {
    smoothed_ = sample;
    variation_ = sample / 2;
    return;
  }
  const auto difference = smoothed_ > sample ? smoothed_ - sample : sample - smoothed_;
  variation_ = (3 * variation_ + difference) / 4;
  smoothed_ = (7 * smoothed_ + sample) / 8;
}

void udp_path::decide(bool lost) {
  losses_ = static_cast<std::uint16_t>(losses_ << 1 | (lost ? 1 : 0));
  decided_ = std::min(decided_ + 1, loss_history);
}

/// False when the address, not being proven, has not sent enough to be sent that much.
bool udp_path::spend(std::size_t size) {
  if (role_ == role::client || is_proven())
    return true;
  if (budget_ < size)
    return false;
  budget_ -= size;
  return true;
}

void udp_path::check() const {
  KODAMA_ASSERT(phase_ == phase::idle || peer_.has_value());
  KODAMA_ASSERT(phase_ != phase::idle || (wake_ == never && acks_.empty()));
  KODAMA_ASSERT(phase_ != phase::paused || role_ == role::client);
  KODAMA_ASSERT(wake_ != never || phase_ == phase::idle || phase_ == phase::proving);
  KODAMA_ASSERT(probe_.awaited == (is_probing() && wake_ != never));
  KODAMA_ASSERT(!probe_.queued || probe_.awaited);
  KODAMA_ASSERT(is_proven() ? size_ < size_limit_ : size_ == 0);
  KODAMA_ASSERT(acks_.size() <= acks_max);
}

} // namespace kodama
