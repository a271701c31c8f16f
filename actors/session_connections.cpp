#include "actors/session.hpp"

#include <utility>

namespace kodama::actors {

void session::admit(admission& asking) {
  asking.link->bind(caf::actor{this}, link::reading::on);
  // A stranger's token must not tell whether the session exists.
  if (asking.account->holder != who_.account->holder) {
    refuse(asking.link, errc::session_unknown, no_such_session);
    return;
  }
  if (has_ended()) {
    refuse(asking.link, ended_, "the session has ended");
    // Told once; nobody needs the reason any more.
    end(ended_, "");
    return;
  }
  const auto last = asking.resume ? std::optional{asking.resume->last_received} : std::nullopt;
  if (last && !core_.can_resume(*last)) {
    // The present connection, if there is one, is not to suffer from such a claim.
    refuse(asking.link, errc::resume_impossible,
           "last MessageID " + std::to_string(*last) +
               " contradicts what was acknowledged or sent");
    return;
  }
  if (const auto denied = interest_denied_to(*asking.account)) {
    world_.watching.on_limit_hit(who_.client, asking.account->name, "subscribe");
    const auto named = denied->size() <= 256 ? '"' + *denied + '"' : std::string{"a topic"};
    refuse(asking.link, errc::session_unknown,
           "this account may not subscribe to " + named + " any more");
    if (!link_) // else who is connected stays, as with every claim that is refused
      end(errc::not_authorized, "");
    return;
  }
  if (const auto most = asking.account->limits.connections_max;
      place_ != asking.account->used && !asking.account->used->take_connection(most)) {
    world_.watching.on_limit_hit(who_.client, asking.account->name, "connections_max");
    refuse(asking.link, errc::too_many_connections,
           "connections_max of plan " + asking.account->limits.name + " is " +
               std::to_string(most));
    if (!asking.resume)
      end(errc::too_many_connections, "");
    return;
  }
  if (place_ == asking.account->used)
    place_.reset(); // it is the new connection's now
  // The old connection may still have something to say that arrived before; it is not heard any
  // more: the new one speaks for the client from here on.
  if (link_) {
    core_.reply(now(),
                message::disconnect{errc::taken_over, "a newer connection resumed the session"});
    lose_connection(errc::taken_over);
  }
  place_ = asking.account->used;
  who_.account = asking.account;
  allowed_ = permissions_of(*who_.account, {});
  core_.handle_attach(now(), last, asking.keepalive_ms);
  link_ = asking.link;
  ends_at_ = end_of_validity(*who_.account, world_.clock, now());
  welcome(asking);
  if (!asking.rest.empty())
    receive(link_->id(), asking.rest);
}

void session::welcome(const admission& asking) {
  message::connack_success answer;
  answer.client = who_.client;
  answer.session = who_.session;
  answer.last_received = core_.last_received();
  answer.keepalive_ms = core_.keepalive_ms();
  answer.limits = options_.session.limits;
  const auto& own = who_.account->limits;
  if (own.subscriptions_max != 0 && own.subscriptions_max < answer.limits.topics_max)
    answer.limits.topics_max = static_cast<std::uint32_t>(own.subscriptions_max);
  offer_path(asking, answer);
  message::encode(link_->output(), answer, to_timestamp(now()));
  if (asking.resume)
    world_.watching.on_session_resumed(who_.client);
  else
    world_.watching.on_session_opened(who_.client, who_.session);
  is_told_ = true;
  world_.watching.on_attached(who_.client, link_->id(), core_.keepalive_ms());
}

void session::refuse(const link_ptr& link, errc reason, std::string_view text) {
  message::encode(link->output(), message::connack_failed{reason, text}, to_timestamp(now()));
  world_.watching.on_connection_refused(reason, link->peer());
  link->close();
}

void session::lose_connection(errc reason) {
  if (core_.attached()) {
    core_.poll_transmit(now(), link_->output(), 0);
    core_.handle_detach(now());
  }
  link_->close();
  link_.reset();
  is_holding_ = false;
  is_lost_ = false;
  ends_at_ = never;
  if (const auto counted = std::exchange(place_, nullptr))
    counted->give_connection_back();
  drop_path();
  world_.watching.on_session_detached(who_.client, reason);
}

void session::end(errc reason, std::string_view text) {
  if (link_) {
    if (reason != errc::normal)
      core_.reply(now(), message::disconnect{reason, text});
    lose_connection(reason);
  }
  drop_path();
  if (!has_ended()) {
    ended_ = reason;
    topics_.leave_all(who_.client);
    if (filters_)
      send(topics_.directory(), filters_left{who_.client, 0, filters_->take_all(), true});
    filters_.reset();
    core_ = server_session{options_.session}; // gives the memory back
    core_.handle_detach(now());
    if (is_told_)
      world_.watching.on_session_ended(who_.client, reason);
    if (selector_)
      send(selector_, client_left{who_.client});
    // A slow reader did not hear the reason, most likely: its buffers were full. It is told when it
    // tries to resume; until the window ends an empty shell waits for that.
    if (reason == errc::slow_reader)
      return;
  }
  if (!forgotten_asked_) {
    forgotten_asked_ = true;
    send(registry_, session_ended{who_.session});
  }
}

} // namespace kodama::actors
