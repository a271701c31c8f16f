#include "sim/user.hpp"

/// What the fault plan does to users and their machines.
namespace kodama::sim {
namespace {

constexpr trace_kind down_kind{"user.down"};
constexpr trace_kind garbage_kind{"user.garbage"};
constexpr trace_kind reading_kind{"user.reading"};

/// How long a person takes to find the right token.
constexpr auto login_pause = std::chrono::seconds{1};

} // namespace

bool user::can_suffer(fault_kind what) const noexcept {
  switch (what) {
  case fault_kind::client_pause:
  case fault_kind::client_kill:
  case fault_kind::client_kill_forget:
  case fault_kind::client_slow_reader: return self_ && !down();
  case fault_kind::client_flood: return self_ && !down() && !intruder_;
  case fault_kind::client_malformed: return self_ && self_->tcp && self_->tcp_connected;
  case fault_kind::clock_leap: return true; // the machine's, whoever sits at it
  default: return false;
  }
}

void user::pause(duration lasts) {
  if (!can_suffer(fault_kind::client_pause))
    return;
  note(down_kind, 1, 0, [] { return "stands still"; });
  if (udp_up_)
    witness_.tell(&checker::on_udp_changed, now(), id_, false);
  ++down_;
  if (self_->tcp)
    self_->tcp->pause_reading();
  network_.isolate(host_, lasts);
  run_later(lasts, &user::come_back);
}

void user::kill(duration lasts) {
  if (!can_suffer(fault_kind::client_kill))
    return;
  note(down_kind, 2, 0, [] { return "dies; what it knew survives"; });
  if (udp_up_)
    witness_.tell(&checker::on_udp_changed, now(), id_, false);
  ++down_;
  network_.crash(host_, false);
  self_->tcp.reset();
  self_->udp.reset();
  self_->tcp_connected = false;
  run_later(lasts, &user::come_back);
}

void user::kill_and_forget(duration lasts) {
  if (!can_suffer(fault_kind::client_kill_forget))
    return;
  note(down_kind, 3, 0, [] { return "dies and forgets everything"; });
  witness_.tell(&checker::on_forgot, now(), id_, session_);
  ++down_;
  network_.crash(host_, false);
  world_.queue.cancel(timer_);
  timer_ = {};
  timer_at_ = never;
  self_.reset();
  session_ = {};
  connected_ = false;
  run_later(lasts, &user::come_back_forgetful);
}

void user::come_back() {
  --down_;
  note(down_kind, 0, 0, [] { return "goes on"; });
  if (!self_)
    return;
  if (udp_up_) // until it learns more
    witness_.tell(&checker::on_udp_changed, now(), id_, true);
  if (plan_.udp && !self_->udp)
    self_->udp = network_.open_udp(host_, 0, *this);
  if (!self_->tcp || !self_->tcp_connected) {
    // Its connection did not survive; or what was told while it stood still went unheard.
    self_->tcp.reset();
    self_->core.handle_closed(local(), errc::connection_lost);
  } else if (not_reading_ == 0) {
    self_->tcp->resume_reading();
  }
  self_->core.handle_timeout(local());
  drain();
}

void user::come_back_forgetful() {
  --down_;
  note(down_kind, 0, 1, [] { return "starts anew"; });
  if (wants_connection_)
    begin_anew();
}

void user::begin_anew() {
  begin();
  self_->core.connect(local());
  for (const auto& topic : wanted_)
    static_cast<void>(self_->core.subscribe(topic));
  drain();
}

void user::log_in_again() {
  if (wants_connection_)
    return; // did so already
  if (down()) {
    run_later(login_pause, &user::log_in_again);
    return;
  }
  wants_connection_ = true;
  if (mistyped_ || !self_) {
    // Another process; what was asked of the old one since it was refused is forgotten with it.
    witness_.tell(&checker::on_forgot, now(), id_, session_);
    world_.queue.cancel(timer_);
    timer_ = {};
    timer_at_ = never;
    begin_anew();
  } else {
    self_->core.connect(local());
    drain();
  }
}

void user::refuse_login() {
  wants_connection_ = false;
  run_later(login_pause, &user::log_in_again);
}

void user::stop_reading(duration lasts) {
  if (!can_suffer(fault_kind::client_slow_reader))
    return;
  ++not_reading_;
  world_.history.tell(now(), host_, reading_kind, [&] { return in_session("stops reading"); });
  if (self_->tcp)
    self_->tcp->pause_reading();
  run_later(lasts, &user::read_again);
}

void user::leap(duration by) {
  clock_.leap(by);
  if (self_ && !down())
    arm_timer(); // what was to come may be due
}

void user::read_again() {
  world_.history.tell(now(), host_, reading_kind, [&] { return in_session("reads again"); });
  if (--not_reading_ == 0 && self_ && self_->tcp && !down())
    self_->tcp->resume_reading();
}

void user::flood() {
  if (!can_suffer(fault_kind::client_flood))
    return;
  operation burst;
  burst.user = id_;
  burst.what = operation::kind::publish;
  burst.count = 100;
  burst.size = 200;
  publish(burst);
  drain();
}

void user::send_garbage(std::uint64_t draw) {
  if (!can_suffer(fault_kind::client_malformed))
    return;
  // A whole header that no message has: whatever follows, the server must not believe it.
  bytes garbage(message_header_size + draw % 64);
  for (std::size_t i = 0; i != garbage.size(); ++i)
    garbage[i] = static_cast<std::byte>(mix(draw + i) & 0xff);
  note(garbage_kind, draw, garbage.size(), [] { return "sends garbage"; });
  self_->tcp->write(garbage);
}

} // namespace kodama::sim
