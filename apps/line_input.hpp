#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace kodama::apps {

/// The lines of a file, pipe or terminal, read on the io_context's thread.
///
/// The caller takes lines until there is none, then asks for more with read_more(): what is not
/// asked for stays where it is, which is the backpressure. epoll refuses regular files (they are
/// always readable), so these are read without waiting. The descriptor's flags are restored at the
/// end: it may be a terminal that others read too. A line longer than line_size_max is an error,
/// and what has come of it is no line.
class line_input {
public:
  static constexpr std::size_t line_size_max = 16 * 1024 * 1024;

  line_input(boost::asio::io_context& context, int descriptor);
  ~line_input();
  line_input(const line_input&) = delete;
  line_input& operator=(const line_input&) = delete;

  /// The first line that has not been dropped, without its end; valid until the next read_more().
  [[nodiscard]] std::optional<std::string_view> first();
  void drop_first();
  /// No line is left and none will come.
  [[nodiscard]] bool at_end() { return ended_ && !first(); }
  [[nodiscard]] const boost::system::error_code& error() const noexcept { return error_; }

  /// Reads once when there is something, then calls. One at a time.
  void read_more(std::function<void()> done);
  void cancel();

private:
  void read();
  void fail(const boost::system::error_code& error);

  boost::asio::posix::stream_descriptor descriptor_;
  int flags_;
  bool waitable_;
  std::string buffer_;
  std::size_t begin_ = 0;   // of the first line
  std::size_t scanned_ = 0; // no end of a line from begin_ to here, unless size_ says so
  std::optional<std::size_t> size_;
  bool ended_ = false;
  boost::system::error_code error_;
};

} // namespace kodama::apps
