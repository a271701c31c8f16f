#include "net/stream_link.hpp"

#include "protocol/assert.hpp"

#include <utility>

namespace kodama::net {

stream_link::stream_link(actors::link_id id, int descriptor, stream_layers layers, shard& home,
                         connection_counts& counts)
    : id_{id}
    , pump_{std::make_shared<stream_pump>(id, home, counts)} {
  pump_->start(descriptor, std::move(layers));
}

stream_link::~stream_link() {
  pump_->abandon(); // says nothing to one that was closed
}

void stream_link::bind(const caf::actor& owner, reading how) {
  KODAMA_ASSERT(shard::current());
  home_ = shard::current();
  if (!closing_)
    pump_->bind(owner, how, *home_);
}

bytes& stream_link::output() {
  KODAMA_ASSERT(home_ != nullptr);
  if (!dirty_) {
    dirty_ = true;
    if (output_.capacity() == 0)
      output_ = home_->take_buffer();
    home_->flush_later(shared_from_this());
  }
  return output_;
}

bool stream_link::writable() const noexcept {
  return !closing_ && pump_->has_room(output_.size());
}

void stream_link::close() {
  if (std::exchange(closing_, true))
    return;
  output(); // so that flush() comes and finishes it
}

void stream_link::flush() {
  dirty_ = false;
  auto data = std::exchange(output_, {});
  if (data.empty())
    home_->give_back(std::move(data));
  else
    pump_->write(std::move(data));
  if (closing_)
    pump_->close();
}

} // namespace kodama::net
