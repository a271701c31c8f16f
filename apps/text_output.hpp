#pragma once

#include "apps/end_signals.hpp"

#include <functional>
#include <string>

namespace kodama::apps {

/// Standard output, gathered into one write for everything that a round of the event loop brings:
/// fast while much arrives, and nothing waits once it falls idle. A reader that is slow blocks us,
/// and so the server keeps what is owed, up to its limit. SIGINT or SIGTERM ends the waiting, and
/// with it the output; another signal, SIGCONT above all, does not.
class text_output {
public:
  /// `on_closed` is called once when nobody reads any more (EPIPE), the disk is full, or a signal
  /// came while we waited (EINTR).
  text_output(boost::asio::io_context& context, end_signals& signals,
              std::function<void(const boost::system::error_code&)> on_closed)
      : context_{context}
      , signals_{signals}
      , on_closed_{std::move(on_closed)} {}
  ~text_output() { flush(); }
  text_output(const text_output&) = delete;
  text_output& operator=(const text_output&) = delete;

  /// To be appended to. What is appended leaves soon after.
  [[nodiscard]] std::string& buffer();
  /// At once: before an exit code is chosen.
  void flush();
  /// Not everything has left, nor will.
  [[nodiscard]] bool closed() const noexcept { return closed_; }

private:
  void close(int error);

  boost::asio::io_context& context_;
  end_signals& signals_;
  std::function<void(const boost::system::error_code&)> on_closed_;
  std::string buffer_;
  bool due_ = false;
  bool closed_ = false;
};

} // namespace kodama::apps
