#include "net/shard.hpp"

#include "protocol/assert.hpp"

#include <boost/asio/post.hpp>
#include <boost/container/small_vector.hpp>

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

shard::shard(caf::actor_system* system, std::size_t index, std::size_t count)
    : home_unit{system}
    , index_{index}
    , is_only_{count == 1}
    , scratch_(scratch_size) {
  refresh_now();
}

void shard::deliver(caf::strong_actor_ptr to, caf::mailbox_element_ptr what) {
  send_from_caller(letter{std::move(to), std::move(what)});
}

void shard::deliver_to_all(std::shared_ptr<const runtime::receivers> to, caf::strong_actor_ptr from,
                           caf::message what) {
  send_from_caller(circular{std::move(to), std::move(from), std::move(what)});
}

void shard::send_from_caller(hop what) {
  if (auto* out = outbox_of_caller()) {
    out->messages.push_back(std::move(what));
    return;
  }
  parcel alone;
  alone.messages.push_back(std::move(what));
  put_into_inbox(alone);
}

void shard::enqueue(hop& what) {
  if (auto* one = std::get_if<letter>(&what)) {
    one->to->enqueue(std::move(one->what), this);
  } else {
    const auto& many = std::get<circular>(what);
    enqueue_all(*many.to, many.from, many.what);
  }
}

void shard::exec_later(caf::resumable* what) {
  if (is_current()) {
    queue_.push(what);
  } else if (auto* out = outbox_of_caller()) {
    out->runnable.push_back(what);
  } else {
    parcel alone;
    alone.runnable.push_back(what);
    put_into_inbox(alone);
  }
}

shard::parcel* shard::outbox_of_caller() {
  if (!current_)
    return nullptr;
  auto& all = current_->outboxes_;
  if (all.size() <= index_)
    all.resize(index_ + 1);
  KODAMA_ASSERT(!all[index_].to || all[index_].to == this); // not of two servers in one process
  all[index_].to = this;
  current_->has_hops_ = true;
  return &all[index_].what;
}

void shard::send_hops() {
  if (std::exchange(has_hops_, false)) // not in most turns
    hand_over();
  if (!when_sent_.empty())
    for (const auto& each : std::exchange(when_sent_, {}))
      each();
}

void shard::hand_over() {
  // All of them at once, under all locks. If A tells C something and then B, and B tells C what it
  // has heard, then C must hear A first, each of them on a shard of its own. Every shard takes the
  // locks by index, so nobody waits in a ring.
  constexpr std::size_t few = 8;
  boost::container::small_vector<std::unique_lock<std::mutex>, few> locks;
  for (const auto& [to, what] : outboxes_)
    if (!what.empty())
      locks.emplace_back(to->inbox_mutex_);
  boost::container::small_vector<shard*, few> idle;
  for (auto& [to, what] : outboxes_) {
    if (what.empty())
      continue;
    if (to->inbox_.empty())
      idle.push_back(to);
    to->inbox_.append(what);
    to->inbox_filled_ = true;
  }
  locks.clear();
  for (auto* each : idle)
    boost::asio::post(each->io_, [each] { each->take_inbox(); });
}

void shard::put_into_inbox(parcel& more) {
  bool wake = false;
  {
    const std::lock_guard lock{inbox_mutex_};
    wake = inbox_.empty();
    inbox_.append(more);
    inbox_filled_ = true;
  }
  if (wake)
    boost::asio::post(io_, [this] { take_inbox(); });
}

void shard::parcel::append(parcel& more) {
  messages.insert(messages.end(), std::move_iterator{more.messages.begin()},
                  std::move_iterator{more.messages.end()});
  more.messages.clear();
  runnable.insert(runnable.end(), more.runnable.begin(), more.runnable.end());
  more.runnable.clear();
}

void shard::take_inbox() {
  if (!inbox_filled_ || !inbox_filled_.exchange(false))
    return; // most turns: no lock for nothing
  {
    const std::lock_guard lock{inbox_mutex_};
    std::swap(taken_, inbox_);
  }
  for (auto* what : taken_.runnable)
    queue_.push(what);
  taken_.runnable.clear();
  for (auto& each : taken_.messages)
    enqueue(each);
  taken_.messages.clear();
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
    send_hops(); // before what is written can make anybody act upon it
    flush_all();
    send_hops(); // of what was told by that
  }
  current_ = nullptr;
}

void shard::gather_events() {
  // What a flush told its owner (link_drained) is in the run queue by now: waiting for an event
  // would leave it there.
  const bool is_due = timers().next() <= now_; // of somebody who wants to go on with a long work
  if (is_due || !readers_.empty() || !queue_.empty()) {
    io_.poll_one(); // there is work already
  } else {
    wake_up_by(timers().next());
    io_.run_one();
  }
  // To look for further events costs a system call of its own. A quiet server would make it in
  // vain with every message, so it is only tried now and then whether that has changed.
  if (!is_due && !more_expected_ && ++turns_ % turns_between_looks != 0)
    return;
  int found = 0;
  while (found != sockets_per_turn && io_.poll_one() != 0)
    ++found;
  more_expected_ = found != 0;
}

void shard::stop() {
  boost::asio::post(io_, [this] { stopping_ = true; });
}

bool shard::drop_queued() {
  current_ = this;
  take_inbox();
  const bool any = !queue_.empty() || !dirty_.empty();
  // Actors on their way out still send to each other; running them is the cleanest way to drop.
  while (!queue_.empty() || !dirty_.empty()) {
    run_actors();
    flush_all();
    send_hops();
  }
  current_ = nullptr;
  return any;
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
