#include "apps/text_output.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <string_view>
#include <unistd.h>
#include <utility>

namespace kodama::apps {

std::string& text_output::buffer() {
  if (!std::exchange(due_, true))
    boost::asio::post(context_, [this] { flush(); });
  return buffer_;
}

void text_output::flush() {
  due_ = false;
  for (std::string_view rest{buffer_}; !rest.empty() && !closed_;) {
    if (!signals_.wait_writable(STDOUT_FILENO)) {
      close(EINTR);
      break;
    }
    // A pipe that takes anything takes so much. Of more, write() might wait for the rest.
    const auto size_max = signals_.came() ? std::size_t{PIPE_BUF} : rest.size();
    const auto size = ::write(STDOUT_FILENO, rest.data(), std::min(size_max, rest.size()));
    if (size >= 0)
      rest.remove_prefix(static_cast<std::size_t>(size));
    else if (errno != EINTR && errno != EAGAIN) // EAGAIN: somebody else shares it, non-blocking
      close(errno);
  }
  buffer_.clear();
}

void text_output::close(int error) {
  closed_ = true;
  on_closed_({error, boost::system::system_category()});
}

} // namespace kodama::apps
