#include "apps/line_input.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace kodama::apps {
namespace {

using boost::system::error_code;

constexpr std::size_t read_size = 64 * 1024; // a pipe holds no more

bool can_be_waited_for(int descriptor) {
  struct stat about {};
  return ::fstat(descriptor, &about) == 0 &&
         (S_ISFIFO(about.st_mode) || S_ISSOCK(about.st_mode) || ::isatty(descriptor) != 0);
}

} // namespace

line_input::line_input(boost::asio::io_context& context, int descriptor)
    : descriptor_{context}
    , flags_{::fcntl(descriptor, F_GETFL)}
    , waitable_{can_be_waited_for(descriptor)} {
  if (const int own = ::dup(descriptor); own < 0)
    error_.assign(errno, boost::system::system_category());
  else
    descriptor_.assign(own, error_);
  ended_ = error_.failed();
}

line_input::~line_input() {
  if (descriptor_.is_open())
    ::fcntl(descriptor_.native_handle(), F_SETFL, flags_);
}

std::optional<std::string_view> line_input::first() {
  if (!size_) {
    const auto end = buffer_.find('\n', scanned_);
    if (end != std::string::npos)
      size_ = end - begin_;
    else if (ended_ && begin_ != buffer_.size())
      size_ = buffer_.size() - begin_; // the last line need not be ended
    scanned_ = buffer_.size();
  }
  if (!size_)
    return std::nullopt;
  return std::string_view{buffer_}.substr(begin_, *size_);
}

void line_input::drop_first() {
  if (!first())
    return;
  begin_ = std::min(begin_ + *size_ + 1, buffer_.size());
  scanned_ = begin_;
  size_.reset();
}

void line_input::read_more(std::function<void()> done) {
  const auto then = [this, done = std::move(done)](const error_code& error) {
    if (error == boost::asio::error::operation_aborted)
      return;
    read();
    done();
  };
  if (waitable_)
    descriptor_.async_wait(boost::asio::posix::stream_descriptor::wait_read, then);
  else
    boost::asio::post(descriptor_.get_executor(), [then] { then({}); });
}

void line_input::cancel() {
  error_code ignored;
  descriptor_.cancel(ignored);
}

void line_input::read() {
  if (ended_)
    return;
  buffer_.erase(0, begin_);
  scanned_ -= begin_;
  begin_ = 0;
  const auto before = buffer_.size();
  if (before > line_size_max) {
    fail(make_error_code(boost::system::errc::message_size));
    return;
  }
  buffer_.resize(before + read_size);
  const auto size = ::read(descriptor_.native_handle(), buffer_.data() + before, read_size);
  buffer_.resize(before + static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  if (size == 0)
    ended_ = true;
  if (size >= 0 || errno == EAGAIN || errno == EINTR)
    return;
  fail({errno, boost::system::system_category()});
}

void line_input::fail(const error_code& error) {
  error_ = error;
  ended_ = true;
  // Of a line that does not end nobody knows the rest.
  buffer_.clear();
  begin_ = scanned_ = 0;
}

} // namespace kodama::apps
