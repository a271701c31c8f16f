#include "protocol/message_batch.hpp"

#include "protocol/assert.hpp"
#include "protocol/message_reader.hpp"

#include <limits>

namespace kodama {

void message_batch::add_forms() {
  if (!forms.empty())
    return;
  constexpr auto any = std::numeric_limits<std::uint32_t>::max();
  message_reader reader{{any, any}};
  reader.feed(image);
  for (std::size_t i = 0; i != count(); ++i) {
    const auto next = reader.next();
    KODAMA_ASSERT(next && *next);
    forms.add(std::get<message::publish>((*next)->body));
  }
}

void message_batch::add_image(client_id sender, bool reliable, std::uint32_t timestamp) {
  if (!starts.empty())
    return;
  starts.reserve(forms.size());
  for (std::size_t i = 0; i != forms.size(); ++i) {
    auto out = forms.to_native(i);
    out.sender = sender;
    out.id = out.sequence = reliable ? 1 : 0;
    out.unreliable = reliable ? 0 : 1;
    add(out, timestamp);
  }
}

void message_batch::set_sequence(topic_sequence first) noexcept {
  for (const auto start : starts)
    store_big(image.data() + start + message::sequence_offset, first++);
}

} // namespace kodama
