#include "actors/retained_quota.hpp"

#include "protocol/mqtt/publish_forms.hpp"

#include <string>
#include <utility>

namespace kodama::actors {
namespace {

using limit = publish_refusal::limit;

publish_refusal full(limit which, std::uint64_t most) {
  return {which, std::string{name_of(which)} + " of this server is " + std::to_string(most)};
}

} // namespace

retained_room::retained_room(retained_quota_ptr of, std::shared_ptr<usage> by,
                             std::size_t bytes) noexcept
    : of_{std::move(of)}
    , by_{std::move(by)}
    , bytes_{bytes} {}

retained_room::~retained_room() {
  of_->messages_.give_back(1);
  of_->bytes_.give_back(bytes_);
  by_->give_storage_back(bytes_);
}

retained_quota::answer retained_quota::take(const retained_quota_ptr& from, const account& who,
                                            const mqtt::publish& what,
                                            const retained_room_ptr& former) {
  if (!what.retain || what.payload.empty())
    return nullptr;
  const auto bytes = mqtt::publish_forms::size_of(what);
  if (former && former->fits(who, bytes))
    return former;
  if (!from->messages_.take(1, from->messages_max_))
    return full(limit::retained_max, from->messages_max_);
  if (!from->bytes_.take(bytes, from->bytes_max_)) {
    from->messages_.give_back(1);
    return full(limit::retained_bytes_max, from->bytes_max_);
  }
  if (!who.used->take_storage(bytes, who.limits.stored_bytes_max)) {
    from->messages_.give_back(1);
    from->bytes_.give_back(bytes);
    return exceeded(limit::stored_bytes_max, who.limits.stored_bytes_max, who.limits);
  }
  return std::make_shared<const retained_room>(from, who.used, bytes);
}

} // namespace kodama::actors
