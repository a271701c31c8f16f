#pragma once

#include "protocol/bytes.hpp"
#include "protocol/message.hpp"
#include "protocol/result.hpp"
#include "protocol/tlv.hpp"

#include <optional>

namespace kodama {

/// Cuts a byte stream into messages, wherever the network cut it.
///
/// Usage: feed() what arrived, then next() until it is empty. What next() returned borrows the fed
/// bytes and is gone at the following call of either. Between two feeds only the incomplete message
/// at the end is kept, and nothing at all when there is none, so an idle connection holds no
/// buffer. After an error the stream is broken for good: the reader repeats the error and ignores
/// what is fed, so an owner may go on feeding until it gets round to closing.
class message_reader {
public:
  explicit message_reader(decode_limits limits)
      : limits_{limits} {}

  struct item {
    message_header header;
    message::any body;
  };

  /// Borrows `input` until next() has returned empty or an error, or keep_rest() is called.
  void feed(byte_view input);
  [[nodiscard]] result<std::optional<item>> next();

  void set_limits(decode_limits limits) noexcept { limits_ = limits; }
  /// What was fed is borrowed no longer; for an owner that wants to have the rest later.
  void keep_rest();
  /// The bytes fed and not yet consumed: what a connection passes on when its owner changes.
  [[nodiscard]] bytes take_rest();

private:
  boost::system::error_code break_off(boost::system::error_code reason);

  decode_limits limits_;
  std::optional<errc> broken_; // the reason; an error_code takes three times its size
  bytes kept_;                 // an incomplete message, to be continued by the next feed
  byte_view rest_;             // not yet consumed: in kept_ or in what the caller fed
};

} // namespace kodama
