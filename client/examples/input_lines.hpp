#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <functional>
#include <string>
#include <unistd.h>
#include <utility>

/// The lines of standard input, read beside the client on its io_context: no second thread.
///
/// It waits until there is something and then reads once, instead of leaving the reading to Asio,
/// which would make the terminal non-blocking, and that for standard output as well.
class input_lines {
public:
  /// A line comes without its end; the last one need not have one. `on_end` is called once.
  input_lines(boost::asio::io_context& context, std::function<void(const std::string&)> on_line,
              std::function<void()> on_end)
      : input_{context, ::dup(STDIN_FILENO)}
      , on_line_{std::move(on_line)}
      , on_end_{std::move(on_end)} {
    wait();
  }

  /// May be called by `on_line` and `on_end`; neither is called again.
  void stop() { input_.close(); }

private:
  void wait() {
    input_.async_wait(input_.wait_read, [this](boost::system::error_code) {
      // Other errors than our own stop() say that this is a file, which is always readable.
      if (input_.is_open())
        read();
    });
  }

  void read() {
    char chunk[4096];
    const auto size = ::read(input_.native_handle(), chunk, sizeof chunk);
    if (size <= 0)
      return end();
    typed_.append(chunk, static_cast<std::size_t>(size));
    std::size_t begin = 0;
    for (auto end = typed_.find('\n'); end != typed_.npos && input_.is_open();
         end = typed_.find('\n', begin)) {
      on_line_(typed_.substr(begin, end - begin));
      begin = end + 1;
    }
    typed_.erase(0, begin);
    if (input_.is_open())
      wait();
  }

  void end() {
    if (!typed_.empty())
      on_line_(std::exchange(typed_, {}));
    if (input_.is_open())
      on_end_();
  }

  boost::asio::posix::stream_descriptor input_;
  std::function<void(const std::string&)> on_line_;
  std::function<void()> on_end_;
  std::string typed_; // of a line that has not ended
};
