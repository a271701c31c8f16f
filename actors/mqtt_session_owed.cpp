#include "actors/mqtt_session.hpp"

#include <algorithm>
#include <utility>

/// What topics send, on its way into the queue of the session.
namespace kodama::actors {

using mqtt::reason_code;

void mqtt_session::handle(const publication& what) {
  const auto& forms = what.batch->forms;
  if (!may_hear(forms.topic(0)))
    return;
  const auto& way = filters_.way_of(forms.topic(0), what.sender == who_.client);
  if (!way.qos)
    return; // unsubscribed meanwhile
  const auto qos = std::min(*way.qos, what.qos);
  if (qos == mqtt::qos::at_most_once && !way.retain_as_published)
    owe_all(what.batch, way.ids);
  else
    for (std::size_t i = 0; i != forms.size() && has_state_; ++i)
      owe(what.batch, i, qos, way.retain_as_published && forms.retain(i), way.ids);
  // `way` may be gone: a session that overflows forgets its filters.
  world_.watching.on_delivered(spoken::mqtt, qos, forms.size(), forms.bytes_in_all());
  pump();
}

void mqtt_session::handle(const retained_found& found) {
  const auto* asked = filters_.find(found.filter);
  if (!asked || found.request < asked->since) // a former one asked for it
    return;
  if (!may_hear(found.what.batch->forms.topic(0)))
    return;
  const auto qos = std::min(asked->qos, found.what.qos);
  world_.watching.on_delivered(spoken::mqtt, qos, 1, found.what.batch->forms.bytes_in_all());
  owe(found.what.batch, 0, qos, true, mqtt_filters::ids_of(*asked));
  pump();
}

void mqtt_session::owe(const shared_batch& batch, std::size_t index, mqtt::qos qos, bool retain,
                       const mqtt_filters::identifiers& identifiers) {
  const auto at = static_cast<std::uint32_t>(index);
  if (!try_to_owe(batch, {forms_of(batch), at, 1, qos, retain, identifiers, nullptr}))
    overflow_by_plan_or_buffer();
}

bool mqtt_session::try_to_owe(const shared_batch& batch, mqtt::outgoing what) {
  const auto bytes = batch->forms.image(what.first).size();
  const bool is_stored = !link_ && what.qos != mqtt::qos::at_most_once;
  lacks_storage_ = is_stored && !store(bytes);
  if (lacks_storage_)
    return false;
  if (push(std::move(what)))
    return true;
  if (is_stored)
    unstore(bytes);
  return false;
}

void mqtt_session::owe_all(const shared_batch& batch,
                           const mqtt_filters::identifiers& identifiers) {
  const auto count = static_cast<std::uint32_t>(batch->forms.size());
  // At QoS 0 what does not fit is dropped.
  static_cast<void>(
      push({forms_of(batch), 0, count, mqtt::qos::at_most_once, false, identifiers, nullptr}));
}

bool mqtt_session::push(mqtt::outgoing what) {
  mqtt::server_session::pushed pushed;
  if (link_ && link_->writable())
    pushed = core_.push(std::move(what), now(), link_->output(), write_size_max);
  else
    pushed = core_.push(std::move(what));
  if (pushed.dropped != 0)
    world_.watching.on_dropped(who_.client, link_ ? drop::slow_reader : drop::away, pushed.dropped);
  return !pushed.overflow;
}

void mqtt_session::overflow(const mqtt::error& why) {
  const auto untold = link_ ? reason_code::success : why.reason;
  if (link_)
    break_off(why);
  if (!forgotten_asked_)
    end_session(untold);
}

void mqtt_session::overflow_by_plan_or_buffer() {
  if (lacks_storage_)
    return overflow_storage();
  overflow({reason_code::quota_exceeded, "session_buffer_max is " +
                                             std::to_string(options_.mqtt.session_buffer_max) +
                                             " bytes; the session has ended"});
}

void mqtt_session::overflow_storage() {
  const auto most = who_.account->limits.stored_bytes_max;
  overflow(*exceeded("stored_bytes_max", most, reason_code::quota_exceeded));
}

void mqtt_session::tell_queue() {
  const auto [expired, too_large] = core_.take_drops();
  if (expired != 0)
    world_.watching.on_dropped(who_.client, drop::expired, expired);
  if (too_large != 0)
    world_.watching.on_dropped(who_.client, drop::too_large, too_large);
  if (const auto bytes = core_.buffered_bytes(); bytes != told_bytes_) {
    world_.watching.on_queued(spoken::mqtt, static_cast<std::ptrdiff_t>(bytes) -
                                                static_cast<std::ptrdiff_t>(told_bytes_));
    told_bytes_ = bytes;
  }
}

} // namespace kodama::actors
