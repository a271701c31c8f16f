#include "apps/text_output.hpp"

#include <boost/asio/post.hpp>

#include <cerrno>
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
    const auto size = ::write(STDOUT_FILENO, rest.data(), rest.size());
    if (size >= 0) {
      rest.remove_prefix(static_cast<std::size_t>(size));
    } else if (errno != EINTR) {
      closed_ = true;
      on_closed_({errno, boost::system::system_category()});
    }
  }
  buffer_.clear();
}

} // namespace kodama::apps
