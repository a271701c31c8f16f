#include "apps/bench_poller.hpp"

#include "protocol/assert.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>

namespace kodama::apps::bench {
namespace {

/// One read takes what a server may write at once, and an incomplete message from the read before.
constexpr std::size_t scratch_size = 384 * 1024;

} // namespace

instant now() {
  return instant{std::chrono::steady_clock::now().time_since_epoch()};
}

poller::poller()
    : epoll_{epoll_create1(EPOLL_CLOEXEC)}
    , scratch_(scratch_size) {
  KODAMA_ASSERT(epoll_ >= 0);
}

poller::~poller() {
  ::close(epoll_);
}

void poller::add(int socket, pollable& owner, bool writable) {
  control(EPOLL_CTL_ADD, socket, owner, writable);
}

void poller::want_writable(int socket, pollable& owner, bool yes) {
  control(EPOLL_CTL_MOD, socket, owner, yes);
}

void poller::control(int operation, int socket, pollable& owner, bool writable) {
  epoll_event wanted{};
  wanted.events = EPOLLIN | (writable ? EPOLLOUT : 0U);
  wanted.data.ptr = &owner;
  KODAMA_ASSERT(epoll_ctl(epoll_, operation, socket, &wanted) == 0);
}

void poller::poll(duration longest) {
  std::array<epoll_event, 512> ready;
  longest = std::max(longest, duration{0});
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(longest);
  const timespec timeout{seconds.count(), (longest - seconds).count()};
  // Not epoll_wait(): its milliseconds are too coarse to pace messages with.
  const int count =
      epoll_pwait2(epoll_, ready.data(), static_cast<int>(ready.size()), &timeout, nullptr);
  for (int i = 0; i < count; ++i) {
    const auto& event = ready[static_cast<std::size_t>(i)];
    auto& owner = *static_cast<pollable*>(event.data.ptr);
    if ((event.events & EPOLLOUT) != 0)
      owner.handle_writable();
    if ((event.events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0)
      owner.handle_readable();
  }
}

} // namespace kodama::apps::bench
