#include "apps/log_sink.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <string>

namespace kodama::apps {
namespace {

/// A description of our own, which does not wait. Not of what has a position, which is shared, nor
/// of a socket, which cannot be opened.
int open_once_more(int file) {
  struct stat found {};
  if (::fstat(file, &found) != 0 || !(S_ISFIFO(found.st_mode) || ::isatty(file) == 1))
    return -1;
  const auto path = "/proc/self/fd/" + std::to_string(file);
  return ::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

/// Of a pipe or a socket for PIPE_BUF bytes at once, pipe(7): so a write that could wait does not.
bool has_room(int file) {
  pollfd asked{file, POLLOUT, 0};
  return ::poll(&asked, 1, 0) == 1 && (asked.revents & POLLOUT) != 0;
}

} // namespace

log_sink::log_sink(int file)
    : own_{open_once_more(file)}
    , file_{own_ != -1 ? own_ : file} {}

log_sink::~log_sink() {
  if (own_ != -1)
    ::close(own_);
}

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
  const auto told = text.size();
  text.append(line.data(), line.size());
  const auto written = write(text);
  if (written >= told)
    lost_ = 0;
  if (written != text.size())
    ++lost_;
  if (written != 0)
    inside_ = text[written - 1] != '\n';
}

} // namespace kodama::apps
