#include "protocol/mqtt/packet_reader.hpp"

#include "protocol/assert.hpp"

#include <utility>

namespace kodama::mqtt {

void packet_reader::feed(byte_view input) {
  if (broken_)
    return;
  KODAMA_ASSERT(rest_.empty() || rest_.data() == kept_.data());
  if (rest_.empty())
    kept_.clear(); // its last packet was taken, and nobody asked for one after it
  if (kept_.empty()) {
    rest_ = input;
    return;
  }
  append(kept_, input);
  rest_ = kept_;
}

outcome<std::optional<packet>> packet_reader::next() {
  std::optional<packet> to{std::in_place};
  const auto is_there = next_into(*to);
  if (!is_there)
    return is_there.error();
  if (!*is_there)
    to.reset();
  return to;
}

outcome<bool> packet_reader::next_into(packet& to) {
  if (broken_)
    return *broken_;
  const auto header = read_fixed_header(rest_, options_);
  if (!header)
    return break_off(header.error());
  if (!*header || rest_.size() < (*header)->packet_size()) {
    keep_rest();
    return false;
  }
  const auto body = rest_.subspan((*header)->size, (*header)->remaining_length);
  if (const auto read = read_body(**header, body, to); !read)
    return break_off(read.error());
  rest_ = rest_.subspan((*header)->packet_size());
  return true;
}

outcome<void> packet_reader::read_body(const fixed_header& header, byte_view body, packet& to) {
  if (header.type != packet_type::connect)
    return decode_into(to, header, body, options_);
  if (options_.version)
    return error{reason_code::protocol_error, "CONNECT: comes a second time [MQTT-3.1.0-2]"};
  options_.version = version_of_answer(body);
  return decode_into(to, header, body, options_);
}

std::optional<packet_type> packet_reader::next_type() const noexcept {
  if (rest_.empty())
    return std::nullopt;
  return static_cast<packet_type>(std::to_integer<std::uint8_t>(rest_.front()) >> 4);
}

bytes packet_reader::take_rest() {
  bytes rest{rest_.begin(), rest_.end()};
  rest_ = {};
  kept_ = {};
  return rest;
}

error packet_reader::break_off(error reason) {
  broken_ = std::move(reason);
  rest_ = {}; // it may borrow what the owner frees next
  kept_ = bytes{};
  return *broken_;
}

void packet_reader::keep_rest() {
  if (rest_.empty()) {
    kept_ = bytes{}; // gives the memory back
  } else if (kept_.empty()) {
    kept_.assign(rest_.begin(), rest_.end());
  } else {
    kept_.erase(kept_.begin(), kept_.end() - static_cast<std::ptrdiff_t>(rest_.size()));
  }
  rest_ = kept_;
}

} // namespace kodama::mqtt
