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
  forms.reserve(count());
  for (std::size_t i = 0; i != count(); ++i) {
    const auto next = reader.next();
    KODAMA_ASSERT(next && *next);
    forms.push_back(mqtt::to_publish_form(std::get<message::publish>((*next)->body)));
  }
}

} // namespace kodama
