#pragma once

#include "actors/messages.hpp"

#include <cstddef>
#include <deque>
#include <list>
#include <map>
#include <variant>

namespace kodama::actors {

/// What a session wants of the directory about its filters, and how far that has come.
struct filter_request {
  std::variant<filters_asked, filters_left, filters_away> what;
  caf::actor session;
  std::size_t done = 0;   ///< of its filters
  filter_epoch epoch = 0; ///< of the last of those

  [[nodiscard]] std::size_t count() const {
    return std::visit([](const auto& each) { return each.filters.size(); }, what);
  }
};

/// The requests that the directory has not finished. Those of one client are carried out in their
/// order; clients take turns, a filter each, so that nobody waits for another's thousand.
class filter_requests {
public:
  [[nodiscard]] bool empty() const noexcept { return turns_.empty(); }
  /// A filters_away takes the place of an earlier one.
  void push(client_id client, filter_request what, bool has_begun = false);
  /// Whose turn it is. Stays where it is until pop().
  [[nodiscard]] filter_request& front();
  /// The client wants nothing any more that has not begun; `has_begun`: the next filter of front()
  /// has.
  void strike_out(client_id client, bool has_begun);
  /// The turn is the next client's.
  void pass_on();
  /// front() is finished; the turn is the next client's.
  void pop();
  void clear() noexcept;

private:
  /// Those of the client that are one of `What`.
  template <class... What>
  void strike(client_id client, bool has_begun);

  std::map<client_id, std::list<filter_request>> lines_; ///< none of them empty
  std::deque<client_id> turns_;                          ///< each that has a line, once
};

} // namespace kodama::actors
