#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/readable_pipe.hpp>
#include <boost/asio/writable_pipe.hpp>

#include <signal.h>

#include <array>
#include <functional>

namespace kodama::apps {

/// SIGINT and SIGTERM as long as it lives, for the event loop and for who waits outside of it. One
/// at a time in a process.
///
/// Asio's signal_set tells nobody but its own loop what came; and who is stuck in a write() has to
/// tell a wish to end from SIGCONT, or from a shell's change of the window.
class end_signals {
public:
  explicit end_signals(boost::asio::io_context& context);
  ~end_signals();
  end_signals(const end_signals&) = delete;
  end_signals& operator=(const end_signals&) = delete;

  /// Calls once, for what has come since the last call: several at once are one wish. Not after
  /// cancel().
  void async_wait(std::function<void()> call);
  void cancel();

  [[nodiscard]] bool came() const noexcept;
  /// Waits until `descriptor` takes something, or has an error to tell. False: it takes nothing
  /// now, and a signal has come, now or before.
  [[nodiscard]] bool wait_writable(int descriptor);

private:
  boost::asio::readable_pipe told_;
  boost::asio::writable_pipe teller_;
  std::array<char, 64> read_{};
  struct sigaction before_int_ {};
  struct sigaction before_term_ {};
};

} // namespace kodama::apps
