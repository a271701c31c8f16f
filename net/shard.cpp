#include "net/shard.hpp"

#include "actors/runtime/coordinator.hpp"

#include <boost/asio/post.hpp>

#include <caf/actor_cast.hpp>

#include <chrono>
#include <iterator>
#include <utility>

namespace kodama::net {
namespace {

constexpr std::size_t scratch_size = 256 * 1024;
/// How many sockets are served before their actors run: enough to coalesce, few enough that the
/// first does not wait long for the last.
constexpr int sockets_per_turn = 256;
/// How much is read before the actors run, give or take a read: what comes of it (messages, their
/// images, output) is still in the processor's cache when it is written.
constexpr std::size_t bytes_per_turn = 256 * 1024;
/// How exact timers are. What they wait for is keepalives, probes, acknowledgements: 20 ms and
/// more.
constexpr duration tick = std::chrono::milliseconds{4};
constexpr unsigned turns_between_looks = 8;
constexpr std::size_t messages_per_resume = 128;
constexpr std::size_t spare_buffers_max = 64;
constexpr std::size_t spare_buffer_size_max = 512 * 1024;

} // namespace

thread_local shard* shard::current_ = nullptr;

shard::shard(caf::actor_system* system, std::size_t index)
    : home_unit{system}
    , index_{index}
    , scratch_(scratch_size) {
  refresh_now();
}

void shard::deliver(caf::strong_actor_ptr to, caf::mailbox_element_ptr what) {
  bool wake = false;
  {
    const std::lock_guard lock{inbox_mutex_};
    wake = inbox_.empty() && runnable_inbox_.empty();
    inbox_.push_back({std::move(to), std::move(what)});
    inbox_filled_ = true;
  }
  if (wake)
    boost::asio::post(io_, [this] { take_inbox(); });
}

void shard::exec_later(caf::resumable* what) {
  if (is_current()) {
    queue_.push(what);
    return;
  }
  bool wake = false;
  {
    const std::lock_guard lock{inbox_mutex_};
    wake = inbox_.empty() && runnable_inbox_.empty();
    runnable_inbox_.push_back(what);
    inbox_filled_ = true;
  }
  if (wake)
    boost::asio::post(io_, [this] { take_inbox(); });
}

void shard::take_inbox() {
  if (!inbox_filled_ || !inbox_filled_.exchange(false))
    return; // most turns: no lock for nothing
  {
    const std::lock_guard lock{inbox_mutex_};
    inbox_taken_.swap(inbox_);
    runnable_taken_.swap(runnable_inbox_);
  }
  for (auto* what : runnable_taken_)
    queue_.push(what);
  runnable_taken_.clear();
  for (auto& [to, what] : inbox_taken_)
    to->enqueue(std::move(what), this);
  inbox_taken_.clear();
}

bytes shard::take_buffer() {
  if (buffers_.empty())
    return {};
  auto buffer = std::move(buffers_.back());
  buffers_.pop_back();
  return buffer;
}

void shard::give_back(bytes&& buffer) {
  buffer.clear();
  if (buffers_.size() < spare_buffers_max && buffer.capacity() <= spare_buffer_size_max)
    buffers_.push_back(std::move(buffer));
}

void shard::run() {
  current_ = this;
  while (!stopping_) {
    gather_events();
    refresh_now();
    read_all();
    // Whatever another shard sent before it told somebody who has now answered by these bytes: it
    // is to be found in the mailboxes before the answer is.
    take_inbox();
    timers().fire_due(now_);
    run_actors();
    flush_all();
  }
  current_ = nullptr;
}

void shard::gather_events() {
  // What a flush told its owner (link_drained) is in the run queue by now: waiting for an event
  // would leave it there.
  if (!readers_.empty() || !queue_.empty()) {
    io_.poll_one(); // there is work already
  } else {
    wake_up_by(timers().next());
    io_.run_one();
  }
  // To look for further events costs a system call of its own. A quiet server would make it in
  // vain with every message, so it is only tried now and then whether that has changed.
  if (!more_expected_ && ++turns_ % turns_between_looks != 0)
    return;
  int found = 0;
  while (found != sockets_per_turn && io_.poll_one() != 0)
    ++found;
  more_expected_ = found != 0;
}

void shard::stop() {
  boost::asio::post(io_, [this] { stopping_ = true; });
}

void shard::drop_queued() {
  current_ = this;
  take_inbox();
  // Actors on their way out still send to each other; running them is the cleanest way to drop.
  run_actors();
  flush_all();
  while (!queue_.empty())
    runtime::coordinator::cleanup_and_release(queue_.pop());
  current_ = nullptr;
}

void shard::run_actors() {
  while (!queue_.empty()) {
    auto* what = queue_.pop();
    if (resume(what, messages_per_resume))
      queue_.push(what);
  }
}

void shard::flush_all() {
  flushing_.swap(dirty_);
  for (const auto& each : flushing_)
    each->flush();
  flushing_.clear();
}

// A wait with a time limit has the kernel set its hardware timer and unset it again, with every
// message; in a virtual machine that costs more than the message. So one timer stays set, over many
// waits, and all deadlines of a tick share it.
void shard::wake_up_by(instant deadline) {
  if (deadline == never)
    return;
  const instant rounded{(deadline.time_since_epoch() + tick - duration{1}) / tick * tick};
  if (rounded >= wake_up_at_)
    return;
  wake_up_at_ = rounded;
  using clock = std::chrono::steady_clock;
  wake_up_.expires_at(clock::time_point{
      std::chrono::duration_cast<clock::duration>(wake_up_at_.time_since_epoch())});
  wake_up_.async_wait([this](auto cancelled) {
    if (!cancelled)
      wake_up_at_ = never;
  });
}

void shard::read_all() {
  reading_.swap(readers_);
  std::size_t size = 0;
  auto at = reading_.begin();
  while (at != reading_.end() && size < bytes_per_turn)
    size += (*at++)->read();
  // Who has not had its turn comes before those that have more left.
  readers_.insert(readers_.begin(), std::move_iterator{at}, std::move_iterator{reading_.end()});
  reading_.clear();
}

void shard::refresh_now() {
  now_ = instant{std::chrono::steady_clock::now().time_since_epoch()};
}

} // namespace kodama::net
