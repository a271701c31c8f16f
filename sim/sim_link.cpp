#include "sim/sim_link.hpp"

#include "actors/messages.hpp"

#include <caf/send.hpp>

#include <utility>

namespace kodama::sim {
namespace {

constexpr std::size_t output_max = 256 * 1024;

} // namespace

sim_link::sim_link(actors::link_id id, tcp_endpoint_ptr endpoint, std::unique_ptr<mqtt_ear> ear)
    : id_{id}
    , endpoint_{std::move(endpoint)}
    , ear_{std::move(ear)} {
  endpoint_->bind(*this);
  endpoint_->pause_reading(); // after bind(), which begins to read: there is no owner to tell yet
}

std::string sim_link::peer() const {
  return to_string(endpoint_->peer());
}

void sim_link::bind(const caf::actor& owner, reading how) {
  owner_ = owner;
  reading_ = how;
  if (const auto reason = std::exchange(untold_, std::nullopt))
    tell_closed(*reason);
  if (over_)
    return;
  if (how == reading::off)
    endpoint_->pause_reading();
  else
    endpoint_->resume_reading();
}

bool sim_link::writable() const noexcept {
  return !over_ && !closing_ && endpoint_->writable() && output_.size() < output_max;
}

void sim_link::close() {
  owner_ = nullptr;
  closing_ = true;
  endpoint_->resume_reading(); // unread input would turn the goodbye into a reset
}

void sim_link::on_bytes(byte_view data) {
  if (reading_ == reading::once)
    endpoint_->pause_reading();
  if (ear_ && owner_)
    ear_->hear(data);
  if (owner_)
    caf::anon_send(owner_, actors::link_received{id_, bytes{data.begin(), data.end()}});
}

void sim_link::on_drained() {
  if (owner_)
    caf::anon_send(owner_, actors::link_drained{id_});
}

void sim_link::on_closed(close_reason reason) {
  over_ = true;
  if (ear_)
    ear_->end();
  if (owner_)
    tell_closed(reason);
  else if (!closing_)
    untold_ = reason;
}

void sim_link::tell_closed(close_reason reason) {
  const auto code = reason == close_reason::peer ? boost::system::errc::connection_aborted
                                                 : boost::system::errc::connection_reset;
  caf::anon_send(std::exchange(owner_, nullptr),
                 actors::link_closed{id_, boost::system::errc::make_error_code(code)});
}

void sim_link::flush() {
  if (over_)
    return;
  if (!output_.empty()) {
    const bool was_full = output_.size() >= output_max;
    if (ear_)
      ear_->overhear(output_);
    endpoint_->write(output_);
    output_.clear();
    if (was_full && endpoint_->writable() && owner_)
      caf::anon_send(owner_, actors::link_drained{id_});
  }
  if (closing_) {
    if (ear_)
      ear_->end();
    endpoint_->close();
    over_ = true;
  }
}

} // namespace kodama::sim
