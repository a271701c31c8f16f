#include "protocol/message_reader.hpp"

#include "protocol/assert.hpp"

#include <utility>

namespace kodama {

void message_reader::feed(byte_view input) {
  if (broken_)
    return;
  KODAMA_ASSERT(rest_.empty() || rest_.data() == kept_.data());
  if (rest_.empty())
    kept_.clear(); // its last message was taken, and nobody asked for one after it
  if (kept_.empty()) {
    rest_ = input;
    return;
  }
  append(kept_, input);
  rest_ = kept_;
}

result<std::optional<message_reader::item>> message_reader::next() {
  if (broken_)
    return make_error_code(*broken_);
  const auto header = read_header(rest_, limits_);
  if (!header)
    return break_off(header.error());
  if (!*header || rest_.size() < (*header)->message_size()) {
    keep_rest();
    return std::nullopt;
  }
  const auto sections = rest_.subspan(message_header_size, (*header)->length);
  auto body = message::decode(**header, sections, limits_.sections_max);
  if (!body)
    return break_off(body.error());
  rest_ = rest_.subspan((*header)->message_size());
  return item{**header, std::move(*body)};
}

bytes message_reader::take_rest() {
  bytes rest{rest_.begin(), rest_.end()};
  rest_ = {};
  kept_ = {};
  return rest;
}

boost::system::error_code message_reader::break_off(boost::system::error_code reason) {
  broken_ = static_cast<errc>(reason.value());
  rest_ = {}; // it may borrow what the owner frees next
  kept_ = bytes{};
  return reason;
}

void message_reader::keep_rest() {
  if (rest_.empty()) {
    kept_ = bytes{}; // gives the memory back
  } else if (kept_.empty()) {
    kept_.assign(rest_.begin(), rest_.end());
  } else {
    kept_.erase(kept_.begin(), kept_.end() - static_cast<std::ptrdiff_t>(rest_.size()));
  }
  rest_ = kept_;
}

} // namespace kodama
