#pragma once

#include "actors/messages.hpp"
#include "actors/runtime/pinned_actor.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kodama::actors {

/// The topics that one session has to do with, and the way to them.
///
/// A handle comes from the directory a moment after it is wanted; what is sent to the topic until
/// then waits here, in order. Handles that are neither subscribed nor watched are only a cache for
/// publishing, at most `cached_max` of them. Owned by the session, which forwards it the
/// directory's answers.
class topic_handles {
public:
  topic_handles(runtime::pinned_actor& owner, caf::actor directory, std::size_t cached_max)
      : owner_{owner}
      , directory_{std::move(directory)}
      , cached_max_{cached_max} {}

  /// Sends `what` to the topic of this name, after everything sent to it before.
  template <class Message>
  void send(std::string_view topic, Message what) {
    auto& found = use(topic);
    if (found.topic)
      owner_.send(found.topic, std::move(what)); // one allocation; a caf::message is another one
    else
      wait(found, caf::make_message(std::move(what)));
  }
  /// Whether anything that was sent still waits for a handle; if not, all of it is in the mailboxes
  /// of its topics before whatever is sent from now on has an effect.
  [[nodiscard]] bool has_waiting() const noexcept { return waiting_ != 0; }
  /// Notes that the session is, or is no longer, subscribed or watching.
  void set_subscribed(std::string_view topic, bool yes);
  void set_watching(std::string_view topic, bool yes);
  /// Subscribed and watched topics, each counted once.
  [[nodiscard]] std::size_t interests() const noexcept { return interests_; }
  [[nodiscard]] bool is_interest(std::string_view topic) const;
  /// The first of them, in the order of their names, that `is_meant`; null: none.
  template <class Predicate>
  [[nodiscard]] const std::string* find_interest(Predicate is_meant) const {
    for (const auto& [name, each] : slots_)
      if ((each.subscribed || each.watching) && is_meant(name))
        return &name;
    return nullptr;
  }
  [[nodiscard]] const caf::actor& directory() const noexcept { return directory_; }

  void handle_opened(const topic_opened& opened, client_id client);
  /// Leaves every topic and lets go of every handle. What still waits for a handle is sent when
  /// that arrives: a client that publishes and disconnects at once means both.
  void leave_all(client_id client);
  [[nodiscard]] bool is_empty() const noexcept { return slots_.empty(); }
  void clear();

private:
  struct slot {
    caf::actor topic;                                   ///< empty until the directory has answered
    std::unique_ptr<std::vector<caf::message>> waiting; ///< while there is anything
    std::uint32_t used = 0; ///< at this count of uses_: for finding the one least recently used
    bool subscribed = false;
    bool watching = false;
    bool leaving = false;
  };
  using slots = std::map<std::string, slot, std::less<>>;

  slots::iterator find_or_open(std::string_view topic);
  slot& use(std::string_view topic);
  void wait(slot& for_handle, caf::message what);
  void set_interest(std::string_view topic, bool slot::*which, bool yes);
  void mark_used(slot& which);
  void shrink_cache();
  void leave(slots::iterator at, client_id client);

  runtime::pinned_actor& owner_;
  caf::actor directory_;
  std::size_t cached_max_;
  slots slots_;
  std::uint32_t interests_ = 0;
  std::uint32_t waiting_ = 0; ///< slots in which something waits
  std::uint32_t uses_ = 0;
};

} // namespace kodama::actors
