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
  if (broken_)
    return *broken_;
  auto header = read_fixed_header(rest_, options_);
  if (!header)
    return break_off(header.error());
  if (!*header || rest_.size() < (*header)->packet_size()) {
    keep_rest();
    return std::optional<packet>{};
  }
  auto body = read_body(**header, rest_.subspan((*header)->size, (*header)->remaining_length));
  if (!body)
    return break_off(body.error());
  rest_ = rest_.subspan((*header)->packet_size());
  return std::optional<packet>{std::move(*body)};
}

outcome<packet> packet_reader::read_body(const fixed_header& header, byte_view body) {
  if (header.type != packet_type::connect)
    return decode(header, body, options_);
  if (options_.version)
    return error{reason_code::protocol_error, "CONNECT: comes a second time [MQTT-3.1.0-2]"};
  options_.version = version_of_answer(body);
  return decode(header, body, options_);
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
