#include "sim/tcp_pipe.hpp"

#include "protocol/assert.hpp"

#include <algorithm>
#include <utility>

namespace kodama::sim {
namespace {

// What a receiver gets with one read when nobody is malicious.
constexpr std::size_t segment_max = 16 * 1024;
// Cuts are drawn from [1, 2^k], k below this: many tiny pieces, a few large ones.
constexpr std::uint64_t cut_exponents = 12;

} // namespace

void tcp_pipe::write(byte_view data) {
  KODAMA_ASSERT(!finished_);
  append(buffer_, data);
  if (!writable())
    filled_ = true;
  check();
}

std::ptrdiff_t tcp_pipe::next_segment(instant now) {
  const auto waiting = pending() - in_flight_;
  if (waiting == 0)
    return finished_ && !end_departed_ ? 0 : -1;
  const auto occupied = unread_ + in_flight_;
  if (occupied >= options_.receive_buffer)
    return -1;
  if (options_.cut_anywhere && next_cut_ == 0) {
    const auto draw = cuts_.next(now);
    const auto size_max = std::uint64_t{1} << decision_stream::scale(draw, cut_exponents);
    next_cut_ = static_cast<std::size_t>(1 + decision_stream::scale(mix(draw), size_max));
  }
  const auto cut = options_.cut_anywhere ? next_cut_ : segment_max;
  return static_cast<std::ptrdiff_t>(std::min({cut, waiting, options_.receive_buffer - occupied}));
}

void tcp_pipe::depart(std::size_t size, instant arrives) {
  KODAMA_ASSERT(size <= pending() - in_flight_);
  // TCP delivers in order: a late segment holds up the ones behind it.
  if (in_flight())
    arrives = std::max(arrives, segments_.back().arrives);
  const bool end = size == 0;
  segments_.push_back({size, arrives, end});
  in_flight_ += size;
  next_cut_ = 0;
  end_departed_ |= end;
  check();
}

tcp_pipe::landing tcp_pipe::land() {
  KODAMA_ASSERT(in_flight());
  const auto landed = segments_[first_++];
  if (first_ >= segments_.size() - first_) { // amortised as in forget_read_bytes()
    segments_.erase(segments_.begin(), segments_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }
  in_flight_ -= landed.size;
  unread_ += landed.size;
  check();
  return {landed.size, landed.end};
}

void tcp_pipe::read(bytes& to) {
  if (read_ == 0 && unread_ == buffer_.size()) {
    // The usual case, one write at a time: the bytes move without a copy.
    to.clear();
    std::swap(to, buffer_);
    unread_ = 0;
    return;
  }
  const auto begin = buffer_.begin() + static_cast<std::ptrdiff_t>(read_);
  to.assign(begin, begin + static_cast<std::ptrdiff_t>(unread_));
  read_ += std::exchange(unread_, 0);
  forget_read_bytes();
  check();
}

bool tcp_pipe::take_drained() noexcept {
  // Half, so that a sender who stops at the limit is not woken for every segment.
  if (!filled_ || pending() > options_.send_buffer / 2)
    return false;
  filled_ = false;
  return true;
}

void tcp_pipe::lose_unlanded() {
  buffer_.resize(read_ + unread_);
  segments_.clear();
  first_ = in_flight_ = 0;
  filled_ = false;
  check();
}

void tcp_pipe::forget_read_bytes() {
  // Each byte moves at most once for every byte read before it: amortised constant.
  if (read_ < buffer_.size() - read_)
    return;
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(read_));
  read_ = 0;
}

void tcp_pipe::check() const {
  KODAMA_ASSERT(read_ + unread_ + in_flight_ <= buffer_.size());
  KODAMA_ASSERT(in_flight() || in_flight_ == 0);
}

} // namespace kodama::sim
