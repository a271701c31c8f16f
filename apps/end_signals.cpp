#include "apps/end_signals.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect_pipe.hpp>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <utility>

namespace kodama::apps {
namespace {

// What a signal handler may touch.
std::atomic<int> teller{-1};
std::atomic<bool> one_came{false};
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);

void handle(int) {
  const int why = errno;
  one_came = true;
  // A pipe that is full tells enough.
  static_cast<void>(::write(teller, "", 1) < 0);
  errno = why;
}

} // namespace

end_signals::end_signals(boost::asio::io_context& context)
    : told_{context}
    , teller_{context} {
  boost::asio::connect_pipe(told_, teller_);
  ::fcntl(teller_.native_handle(), F_SETFL, O_NONBLOCK);
  one_came = false;
  teller = teller_.native_handle();
  // Without SA_RESTART: who waits in a system call is to hear of it.
  struct sigaction action {};
  action.sa_handler = handle;
  ::sigaction(SIGINT, &action, &before_int_);
  ::sigaction(SIGTERM, &action, &before_term_);
}

end_signals::~end_signals() {
  ::sigaction(SIGINT, &before_int_, nullptr);
  ::sigaction(SIGTERM, &before_term_, nullptr);
  teller = -1;
}

void end_signals::async_wait(std::function<void()> call) {
  told_.async_read_some(boost::asio::buffer(read_),
                        [call = std::move(call)](const boost::system::error_code& error, auto) {
                          if (!error)
                            call();
                        });
}

void end_signals::cancel() {
  boost::system::error_code ignored;
  told_.cancel(ignored);
}

bool end_signals::came() const noexcept {
  return one_came;
}

bool end_signals::wait_writable(int descriptor) {
  std::array<pollfd, 2> wanted{{{descriptor, POLLOUT, 0}, {told_.native_handle(), POLLIN, 0}}};
  // One that comes between the question and the waiting makes the pipe readable; the loop, which
  // would empty it, does not run meanwhile.
  while (::poll(wanted.data(), wanted.size(), came() ? 0 : -1) < 0)
    if (errno != EINTR)
      return true; // then write() has an error to tell
  return wanted[0].revents != 0;
}

} // namespace kodama::apps
