#include "apps/text_output.hpp"

#include <boost/asio/post.hpp>

#include <cerrno>
#include <poll.h>
#include <string_view>
#include <unistd.h>
#include <utility>

namespace kodama::apps {
namespace {

bool can_write() {
  pollfd output{STDOUT_FILENO, POLLOUT, 0};
  return ::poll(&output, 1, 0) != 0;
}

} // namespace

std::string& text_output::buffer() {
  if (!std::exchange(due_, true))
    boost::asio::post(context_, [this] { flush(); });
  return buffer_;
}

void text_output::flush() {
  due_ = false;
  for (std::string_view rest{buffer_}; !rest.empty() && !closed_;) {
    const auto size = ::write(STDOUT_FILENO, rest.data(), rest.size());
    if (size < 0)
      close(errno);
    else
      rest.remove_prefix(static_cast<std::size_t>(size));
    // A signal cut the waiting short; to wait again would be to ignore it.
    if (!closed_ && !rest.empty() && !can_write())
      close(EINTR);
  }
  buffer_.clear();
}

void text_output::close(int error) {
  closed_ = true;
  on_closed_({error, boost::system::system_category()});
}

} // namespace kodama::apps
