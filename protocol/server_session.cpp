#include "protocol/server_session.hpp"

#include "protocol/assert.hpp"
#include "protocol/topic_name.hpp"

#include <algorithm>
#include <type_traits>

namespace kodama {
namespace {

/// How many topics a client may publish to without a guarantee before the oldest order is
/// forgotten.
constexpr std::size_t unreliable_topics_max = 256;

/// Replies wait here for the link; a peer that asks without reading is cut off at this size. The
/// answers to one read full of PINGs fit.
constexpr std::size_t replies_max = 1024 * 1024;

template <class Message>
constexpr bool is_request =
    std::is_same_v<Message, message::subscribe> || std::is_same_v<Message, message::unsubscribe> ||
    std::is_same_v<Message, message::watch> || std::is_same_v<Message, message::unwatch> ||
    std::is_same_v<Message, message::subscriber_list_request>;

} // namespace

server_session::server_session(const session_options& options)
    : options_{&options}
    , reader_{{options.limits.message_size_max, options.limits.sections_max}}
    , receive_{{options.ack_delay, options.ack_every}}
    , send_{options.session_buffer_max} {}

void server_session::handle_attach(instant now, std::optional<message_id> last_received,
                                   std::uint32_t keepalive_wish_ms) {
  KODAMA_ASSERT(!attached_);
  if (last_received) {
    const auto agreed = send_.handle_resume(*last_received);
    KODAMA_ASSERT(agreed);
    receive_.handle_resume(now);
  }
  reader_ = message_reader{{options_->limits.message_size_max, options_->limits.sections_max}};
  replies_ = {};
  attached_ = true;
  ack_overdue_ = false;
  expires_at_ = never;
  last_heard_ = now;
  keepalive_ms_ =
      std::clamp(keepalive_wish_ms, static_cast<std::uint32_t>(options_->keepalive_min.count()),
                 static_cast<std::uint32_t>(options_->keepalive_max.count()));
}

void server_session::handle_detach(instant now) {
  attached_ = false;
  reader_ = message_reader{{}};
  replies_ = {};
  expires_at_ = now + std::chrono::milliseconds{options_->limits.resume_window_ms};
}

void server_session::handle_bytes(instant now, byte_view received) {
  KODAMA_ASSERT(attached_);
  last_heard_ = now;
  reader_.feed(received);
}

result<std::optional<message_reader::item>> server_session::poll_request(instant now) {
  for (;;) {
    auto next = reader_.next();
    if (!next)
      return next.error();
    if (!*next)
      return std::nullopt;
    const auto& header = (*next)->header;
    const auto& body = (*next)->body;

    const auto outcome = std::visit(
        [&](const auto& m) -> result<step> {
          using Message = std::decay_t<decltype(m)>;
          if constexpr (is_request<Message>) {
            constexpr bool takes_filters = std::is_same_v<Message, message::subscribe> ||
                                           std::is_same_v<Message, message::unsubscribe>;
            const auto fits = takes_filters
                                  ? check_topic_filter(m.topic, options_->limits.topic_length_max)
                                  : check_topic_name(m.topic, options_->limits.topic_length_max);
            if (!fits)
              return fits.error();
            return admit(m.id);
          } else if constexpr (std::is_same_v<Message, message::publish>) {
            if (const auto fits = check_publish(m); !fits)
              return fits.error();
            return m.reliable() ? admit(m.id)
                                : result<step>{accept_unreliable(m) ? step::for_owner : step::done};
          } else if constexpr (std::is_same_v<Message, message::ack>) {
            if (const auto agreed = send_.handle_ack(m.through); !agreed)
              return agreed.error();
            return step::done;
          } else if constexpr (std::is_same_v<Message, message::ping>) {
            reply(now, message::pong{header.timestamp});
            return step::done;
          } else if constexpr (std::is_same_v<Message, message::pong>) {
            return step::done;
          } else if constexpr (std::is_same_v<Message, message::server_time_request> ||
                               std::is_same_v<Message, message::disconnect>) {
            return step::for_owner;
          } else {
            return errc::unexpected_message;
          }
        },
        body);
    if (!outcome)
      return outcome.error();
    if (replies_.size() > replies_max)
      return errc::slow_reader;
    if (*outcome == step::for_owner)
      return std::move(*next);
  }
}

bool server_session::accept_datagram_publish(const message::publish& what) {
  return !what.reliable() && check_publish(what) && accept_unreliable(what);
}

result<void> server_session::check_publish(const message::publish& what) const {
  // These two are the server's to say.
  if (what.sender != 0 || what.sequence != 0)
    return errc::malformed_message;
  return check_topic_name(what.topic, options_->limits.topic_length_max);
}

bool server_session::accept_unreliable(const message::publish& what) {
  if (!unreliable_received_)
    unreliable_received_ = std::make_unique<latest_filter>(unreliable_topics_max);
  return unreliable_received_->accept(what.topic, 0, what.unreliable);
}

void server_session::reply(instant now, const message::any& answer) {
  message::encode(replies_, answer, to_timestamp(now));
}

result<void> server_session::push(shared_batch batch) {
  if (const auto first = send_.push(std::move(batch)); !first)
    return first.error();
  return boost::system::in_place_value;
}

void server_session::append_unreliable(bytes& out, const message_batch& batch,
                                       std::uint32_t timestamp) {
  for (std::size_t i = 0; i != batch.count(); ++i)
    append_unreliable(out, batch, i, timestamp);
}

void server_session::append_unreliable(bytes& out, const message_batch& batch, std::size_t index,
                                       std::uint32_t timestamp) {
  const auto at = out.size();
  append(out, byte_view{batch.image}.subspan(batch.starts[index], batch.size_of(index)));
  store_big(out.data() + at + message::number_offset, next_unreliable_++);
  patch_timestamp(out.data() + at, timestamp);
}

void server_session::poll_transmit(instant now, bytes& out, std::size_t size_max) {
  if (!attached_)
    return;
  const auto timestamp = to_timestamp(now);
  append(out, replies_);
  replies_.clear();
  ack_overdue_ = false;
  if (const auto through = receive_.poll_ack(now))
    message::encode(out, message::ack{*through}, timestamp);
  send_.poll_transmit(out, size_max, timestamp);
}

instant server_session::poll_timeout() const {
  if (!attached_)
    return expires_at_;
  return ack_overdue_ ? silence_deadline() : std::min(receive_.poll_timeout(), silence_deadline());
}

server_session::timeout server_session::handle_timeout(instant now) {
  ack_overdue_ = receive_.poll_timeout() <= now;
  if (attached_ && now >= silence_deadline())
    return timeout::connection_dead;
  if (!attached_ && now >= expires_at_)
    return timeout::session_expired;
  return timeout::none;
}

instant server_session::silence_deadline() const noexcept {
  return last_heard_ + std::chrono::milliseconds{keepalive_ms_} * 3 / 2;
}

result<server_session::step> server_session::admit(message_id id) {
  switch (receive_.handle_message(id)) {
  case receive_window::verdict::duplicate: return step::done;
  case receive_window::verdict::gap: return errc::message_id_gap;
  case receive_window::verdict::fresh: break;
  }
  if (receive_.unacknowledged() > options_->limits.unacknowledged_max)
    return errc::too_many_unacknowledged;
  return step::for_owner;
}

} // namespace kodama
