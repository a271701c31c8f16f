#include "apps/log_sink.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <string>

namespace kodama::apps {
namespace {

/// For so much at once: a pipe that polls as writable has room for PIPE_BUF bytes (pipe(7)).
bool has_room(int file) {
  pollfd asked{file, POLLOUT, 0};
  return ::poll(&asked, 1, 0) == 1 && (asked.revents & POLLOUT) != 0;
}

} // namespace

std::size_t log_sink::write(std::string_view text) const {
  std::size_t written = 0;
  while (written != text.size() && has_room(file_)) {
    const auto piece = text.substr(written, PIPE_BUF);
    const auto took = ::write(file_, piece.data(), piece.size());
    if (took < 0 && errno != EINTR)
      break;
    written += took < 0 ? 0 : static_cast<std::size_t>(took);
  }
  return written;
}

void log_sink::sink_it_(const spdlog::details::log_msg& what) {
  spdlog::memory_buf_t line;
  formatter_->format(what, line);
  std::string text = inside_ ? "\n" : "";
  if (lost_ != 0)
    text += "[kodama] " + std::to_string(lost_) + (lost_ == 1 ? " line" : " lines") +
            " of the log lost: nobody read standard error in time\n";
  text.append(line.data(), line.size());
  const auto written = write(text);
  if (written == text.size()) {
    lost_ = 0;
    inside_ = false;
  } else {
    ++lost_;
    inside_ = written != 0 ? text[written - 1] != '\n' : inside_;
  }
}

} // namespace kodama::apps
